//! The two scenes as part of the saved session.
//!
//! Threads: the editor and the host's main thread write, the audio thread reads; every
//! number is one atomic.

mod saved;

use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use saved::SavedScene;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use voxmeld_core::controls::{BlendSettings, SCENE_NUMBERS, Scene};

/// One scene's numbers, as `f32` bits.
type Cells = [AtomicU32; SCENE_NUMBERS];

/// Keys of the scenes in the saved field.
const NAMES: [&str; 2] = ["a", "b"];

/// Scenes A and B.
pub struct SceneField {
    cells: [Cells; 2],
    /// Why scenes of the last restored session were left out. Main thread.
    problem: Mutex<Option<String>>,
}

impl Default for SceneField {
    /// A has ratio 0, B ratio 1, so that the morph is audible without set-up.
    fn default() -> Self {
        let field = Self {
            cells: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU32::new(0))),
            problem: Mutex::new(None),
        };
        for (which, ratio) in [0.0, 1.0].into_iter().enumerate() {
            field.keep(
                which,
                &Scene {
                    ratio,
                    blend: BlendSettings::default(),
                },
            );
        }
        field
    }
}

impl SceneField {
    /// Stores a snapshot: 0 is A, 1 is B; others are ignored.
    pub fn keep(&self, which: usize, scene: &Scene) {
        if let Some(cells) = self.cells.get(which) {
            for (cell, number) in cells.iter().zip(scene.to_numbers()) {
                cell.store(number.to_bits(), Relaxed);
            }
        }
    }

    /// Scenes A and B.
    ///
    /// # Real-time
    /// Atomic loads only.
    #[must_use]
    pub fn scenes(&self) -> [Scene; 2] {
        self.numbers().map(|numbers| Scene::from_numbers(&numbers))
    }

    /// Why scenes of the last restored session were left out.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }

    fn numbers(&self) -> [[f32; SCENE_NUMBERS]; 2] {
        std::array::from_fn(|which| {
            std::array::from_fn(|n| f32::from_bits(self.cells[which][n].load(Relaxed)))
        })
    }
}

impl PersistentField<'_, Value> for SceneField {
    /// Restores the scenes that can be read; the others are left unchanged.
    fn set(&self, saved: Value) {
        let mut unreadable = None;
        for (which, name) in NAMES.into_iter().enumerate() {
            // serde would read a list as well, by position.
            let scene = saved.get(name).filter(|scene| scene.is_object());
            match serde_json::from_value::<SavedScene>(scene.cloned().unwrap_or_default()) {
                Ok(scene) => self.keep(which, &scene.to_scene()),
                Err(error) => unreadable = Some(error),
            }
        }
        *self.problem.lock() = unreadable
            .map(|error| format!("This session's scenes cannot be read, keep them again: {error}."));
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Value) -> R,
    {
        f(&write(&self.scenes().each_ref().map(SavedScene::from)))
    }
}

/// The field's JSON.
fn write(scenes: &[SavedScene; 2]) -> Value {
    // By text: 0.33 stays 0.33, where an `f32` as a `Value` becomes 0.33000001311302185.
    let as_saved = |scene: &SavedScene| {
        let text = serde_json::to_string(scene).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    };
    let keyed = NAMES
        .into_iter()
        .map(str::to_owned)
        .zip(scenes.iter().map(as_saved));
    Value::Object(Map::from_iter(keyed))
}

/// The scenes of format 1 (two lists of 26 or 28 numbers) as today's JSON; `None` where they
/// are none of that format.
#[must_use]
pub fn from_places(saved: &str) -> Option<String> {
    let scenes: [Vec<f32>; 2] = serde_json::from_str(saved).ok()?;
    let [a, b] = scenes.each_ref().map(|numbers| SavedScene::from_places(numbers));
    Some(write(&[a?, b?]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::controls::Listen;

    fn scene() -> Scene {
        let mut scene = Scene {
            ratio: 0.3,
            ..Scene::default()
        };
        scene.blend.trust = 0.7;
        scene.blend.listen = Listen::Difference;
        scene.blend.morph.pad = Some([0.25, 0.1]);
        scene.blend.morph.weights[7] = 0.15;
        scene.blend.curves.pitch.points = [0.9, 0.33, 0.1];
        scene
    }

    #[test]
    fn saved_scenes_are_restored_and_invalid_ones_change_nothing_and_are_reported() {
        let field = SceneField::default();
        field.keep(1, &scene());
        let saved = PersistentField::map(&field, Clone::clone);
        let restored = SceneField::default();
        PersistentField::set(&restored, saved);
        assert_eq!(restored.scenes()[1], scene());
        assert_eq!(restored.scenes(), field.scenes());
        assert_eq!(restored.problem(), None);
        for garbage in [
            "null",
            "7",
            "[]",
            "[[1.0,2.0]]",
            r#"{"a":3,"b":[]}"#,
            r#"{"a":{"ratio":"x"},"b":{"ratio":null}}"#,
        ] {
            PersistentField::set(&restored, serde_json::from_str(garbage).expect("JSON"));
            assert_eq!(restored.scenes(), field.scenes(), "{garbage}");
            assert!(restored.problem().is_some(), "{garbage}");
        }
    }

    #[test]
    fn a_damaged_scene_does_not_cost_the_other_one() {
        let field = SceneField::default();
        PersistentField::set(&field, serde_json::json!({ "a": [], "b": { "ratio": 0.25 } }));
        assert_eq!(field.scenes()[0].ratio, 0.0);
        assert_eq!(field.scenes()[1].ratio, 0.25);
        assert!(field.problem().is_some());
    }

    #[test]
    fn unknown_keys_and_modes_are_ignored_missing_ones_are_defaults_and_numbers_are_clamped() {
        let field = SceneField::default();
        let newer = serde_json::json!({
            "a": { "ratio": 7.0, "listen": "backwards", "warmth": 1.0, "morph_weights": vec![0.5; 12] },
            "b": {},
        });
        PersistentField::set(&field, newer);
        let mut expected = Scene {
            ratio: 1.0,
            ..Scene::default()
        };
        expected.blend.morph.weights = [0.5; 8];
        assert_eq!(field.scenes(), [expected, Scene::default()]);
    }

    #[test]
    fn numbers_are_saved_as_they_are_written() {
        let field = SceneField::default();
        field.keep(0, &scene());
        let text = PersistentField::map(&field, Value::to_string);
        assert!(text.contains(r#""points":[0.9,0.33,0.1]"#), "{text}");
    }
}
