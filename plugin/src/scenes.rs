//! The two scenes as part of the saved session.
//!
//! Threads: the editor and the host's main thread write, the audio thread reads; every
//! number is one atomic.

use nice_plug::params::persist::PersistentField;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use voxmeld_core::controls::{BlendSettings, SCENE_NUMBERS, Scene};

/// Numbers in the scenes of the oldest sessions.
const FIRST_VERSION_NUMBERS: usize = 26;

/// One scene's numbers, as `f32` bits.
type Cells = [AtomicU32; SCENE_NUMBERS];

/// Scenes A and B.
pub struct SceneField {
    cells: [Cells; 2],
}

impl Default for SceneField {
    /// A has ratio 0, B ratio 1, so that the morph is audible without set-up.
    fn default() -> Self {
        let field = Self {
            cells: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU32::new(0))),
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

    fn numbers(&self) -> [[f32; SCENE_NUMBERS]; 2] {
        std::array::from_fn(|which| {
            std::array::from_fn(|n| f32::from_bits(self.cells[which][n].load(Relaxed)))
        })
    }
}

impl PersistentField<'_, Vec<Vec<f32>>> for SceneField {
    /// Restores scenes that are complete and finite; others are left unchanged. Scenes of earlier versions
    /// have fewer numbers: the others are at their defaults.
    fn set(&self, saved: Vec<Vec<f32>>) {
        let defaults = Scene::default().to_numbers();
        for (which, mut numbers) in saved.into_iter().enumerate() {
            if numbers.len() >= FIRST_VERSION_NUMBERS {
                numbers.extend(defaults.iter().skip(numbers.len()));
            }
            let whole = <[f32; SCENE_NUMBERS]>::try_from(numbers);
            if let Ok(numbers) = whole
                && numbers.iter().all(|number| number.is_finite())
            {
                self.keep(which, &Scene::from_numbers(&numbers));
            }
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Vec<Vec<f32>>) -> R,
    {
        f(&self.numbers().map(|numbers| numbers.to_vec()).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_scenes_are_restored_and_invalid_ones_change_nothing() {
        let field = SceneField::default();
        let mut scene = Scene {
            ratio: 0.3,
            ..Scene::default()
        };
        scene.blend.trust = 0.7;
        field.keep(1, &scene);
        let saved = PersistentField::map(&field, Clone::clone);
        let restored = SceneField::default();
        PersistentField::set(&restored, saved);
        assert_eq!(restored.scenes()[1], scene);
        assert_eq!(restored.scenes(), field.scenes());
        let mut older = scene.to_numbers().to_vec();
        older.truncate(FIRST_VERSION_NUMBERS);
        PersistentField::set(&restored, vec![older.clone(), older]);
        assert_eq!(restored.scenes(), [scene; 2]);
        PersistentField::set(&restored, PersistentField::map(&field, Clone::clone));
        for garbage in [vec![], vec![vec![1.0; 3]], vec![vec![f32::NAN; SCENE_NUMBERS]; 3]] {
            PersistentField::set(&restored, garbage);
            assert_eq!(restored.scenes(), field.scenes());
        }
    }
}
