//! A scene as it is saved: every setting under its own key, so that settings can be added,
//! moved and left out without changing what a saved session means.

use serde::{Deserialize, Serialize};
use voxmeld_core::controls::{
    BlendSettings, Curves, LevelCurve, Listen, MAX_TARGETS, Morph, Scene, Temperature, VoicingCurve,
    Weighting, WeightingKind,
};

/// Keys are permanent: add some, never rename or reuse one. A missing key has the default of
/// its setting; an unknown one is ignored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SavedScene {
    ratio: f32,
    trust: f32,
    voicing: SavedVoicing,
    loudness: SavedCurve,
    pitch: SavedCurve,
    /// One for each target, in the order of the voice; missing ones are 0.
    morph_weights: Vec<f32>,
    /// Null where the weights determine the morph.
    morph_pad: Option<[f32; 2]>,
    continuity: f32,
    listen: SavedListen,
    weighting: SavedWeighting,
    weighting_temperature: f32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct SavedVoicing {
    depth: f32,
    unvoiced: f32,
    voiced: f32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct SavedCurve {
    depth: f32,
    /// Factors, low to high.
    points: [f32; 3],
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedListen {
    Live,
    Retrieved,
    Difference,
    /// Also for a mode that only a newer version has.
    #[serde(other)]
    Blend,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedWeighting {
    InverseSquare,
    Softmax,
    Equal,
    /// Also for a function that only a newer version has.
    #[serde(other)]
    Rvc,
}

impl Default for SavedScene {
    fn default() -> Self {
        Self::from(&Scene::default())
    }
}

impl Default for SavedVoicing {
    fn default() -> Self {
        let VoicingCurve {
            depth,
            unvoiced,
            voiced,
        } = VoicingCurve::default();
        Self {
            depth,
            unvoiced,
            voiced,
        }
    }
}

impl Default for SavedCurve {
    fn default() -> Self {
        Self::from(&LevelCurve::default())
    }
}

impl From<&LevelCurve> for SavedCurve {
    fn from(&LevelCurve { depth, points }: &LevelCurve) -> Self {
        Self { depth, points }
    }
}

impl From<&Scene> for SavedScene {
    fn from(scene: &Scene) -> Self {
        let BlendSettings {
            trust,
            curves,
            morph,
            continuity,
            listen,
            weighting,
        } = &scene.blend;
        let voicing = &curves.voicing;
        Self {
            ratio: scene.ratio,
            trust: *trust,
            voicing: SavedVoicing {
                depth: voicing.depth,
                unvoiced: voicing.unvoiced,
                voiced: voicing.voiced,
            },
            loudness: SavedCurve::from(&curves.loudness),
            pitch: SavedCurve::from(&curves.pitch),
            morph_weights: morph.weights.to_vec(),
            morph_pad: morph.pad,
            continuity: *continuity,
            listen: match listen {
                Listen::Blend => SavedListen::Blend,
                Listen::Live => SavedListen::Live,
                Listen::Retrieved => SavedListen::Retrieved,
                Listen::Difference => SavedListen::Difference,
            },
            weighting: match weighting.kind {
                WeightingKind::Rvc => SavedWeighting::Rvc,
                WeightingKind::InverseSquare => SavedWeighting::InverseSquare,
                WeightingKind::Softmax => SavedWeighting::Softmax,
                WeightingKind::Equal => SavedWeighting::Equal,
            },
            weighting_temperature: weighting.temperature.0,
        }
    }
}

impl SavedScene {
    /// The scene, every number within 0..1.
    pub fn to_scene(&self) -> Scene {
        let level = |curve: &SavedCurve| LevelCurve {
            depth: within(curve.depth),
            points: curve.points.map(within),
        };
        let weight = |n: usize| self.morph_weights.get(n).copied().map_or(0.0, within);
        Scene {
            ratio: within(self.ratio),
            blend: BlendSettings {
                trust: within(self.trust),
                curves: Curves {
                    voicing: VoicingCurve {
                        depth: within(self.voicing.depth),
                        unvoiced: within(self.voicing.unvoiced),
                        voiced: within(self.voicing.voiced),
                    },
                    loudness: level(&self.loudness),
                    pitch: level(&self.pitch),
                },
                morph: Morph {
                    weights: std::array::from_fn::<_, MAX_TARGETS, _>(weight),
                    pad: self.morph_pad.map(|place| place.map(within)),
                },
                continuity: within(self.continuity),
                listen: match self.listen {
                    SavedListen::Blend => Listen::Blend,
                    SavedListen::Live => Listen::Live,
                    SavedListen::Retrieved => Listen::Retrieved,
                    SavedListen::Difference => Listen::Difference,
                },
                weighting: Weighting {
                    kind: match self.weighting {
                        SavedWeighting::Rvc => WeightingKind::Rvc,
                        SavedWeighting::InverseSquare => WeightingKind::InverseSquare,
                        SavedWeighting::Softmax => WeightingKind::Softmax,
                        SavedWeighting::Equal => WeightingKind::Equal,
                    },
                    temperature: Temperature(Temperature(self.weighting_temperature).in_range()),
                },
            },
        }
    }

    /// A scene of format 1: numbers that are known by their place alone. The first sessions have 26, the last
    /// two more. `None` where there are fewer, or not all are finite. The order is that of sessions that exist: it
    /// never changes.
    pub fn from_places(numbers: &[f32]) -> Option<Self> {
        if !numbers.iter().all(|number| number.is_finite()) {
            return None;
        }
        let (first, later) = numbers.split_first_chunk::<26>()?;
        let &[
            ratio,
            trust,
            depth,
            unvoiced,
            voiced,
            loudness_depth,
            low,
            middle,
            high,
            pitch_depth,
            deep,
            mid,
            top,
            ref weights @ ..,
            by_pad,
            x,
            y,
            continuity,
            listen,
        ] = first;
        let defaults = Self::default();
        Some(Self {
            ratio,
            trust,
            voicing: SavedVoicing {
                depth,
                unvoiced,
                voiced,
            },
            loudness: SavedCurve {
                depth: loudness_depth,
                points: [low, middle, high],
            },
            pitch: SavedCurve {
                depth: pitch_depth,
                points: [deep, mid, top],
            },
            morph_weights: weights.to_vec(),
            morph_pad: (by_pad > 0.5).then_some([x, y]),
            continuity,
            listen: match listen {
                mode if mode > 2.5 => SavedListen::Difference,
                mode if mode > 1.5 => SavedListen::Retrieved,
                mode if mode > 0.5 => SavedListen::Live,
                _ => SavedListen::Blend,
            },
            weighting: match later.first() {
                Some(&kind) if kind > 2.5 => SavedWeighting::Equal,
                Some(&kind) if kind > 1.5 => SavedWeighting::Softmax,
                Some(&kind) if kind > 0.5 => SavedWeighting::InverseSquare,
                _ => SavedWeighting::Rvc,
            },
            weighting_temperature: later.get(1).copied().unwrap_or(defaults.weighting_temperature),
        })
    }
}

fn within(value: f32) -> f32 {
    value.clamp(0.0, 1.0)
}
