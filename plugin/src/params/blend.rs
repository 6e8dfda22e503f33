//! The parameters of blending besides the ratio. With all defaults the arithmetic is RVC's.

use super::ranges::{depth, part, percent, temperature, time};
use crate::scenes::SceneField;
use nice_plug::prelude::*;
use voxmeld_core::controls::{
    BlendSettings, Controls, Curves, Drive, LevelCurve, Listen, MAX_TARGETS, Morph, Scene, Temperature,
    VoicingCurve, Weighting, WeightingKind,
};

/// See [`BlendSettings`].
#[derive(Params)]
#[expect(missing_docs, reason = "the display names document them")]
pub struct BlendParams {
    #[id = "trust"]
    pub trust: FloatParam,
    #[id = "continuity"]
    pub continuity: FloatParam,
    #[id = "listen"]
    pub listen: EnumParam<ListenParam>,
    #[id = "weighting"]
    pub weighting: EnumParam<WeightingParam>,
    #[id = "weighting_temperature"]
    pub weighting_temperature: FloatParam,
    #[id = "ratio_glide"]
    pub ratio_glide: FloatParam,
    #[id = "voicing_depth"]
    pub voicing_depth: FloatParam,
    #[id = "voicing_unvoiced"]
    pub voicing_unvoiced: FloatParam,
    #[id = "voicing_voiced"]
    pub voicing_voiced: FloatParam,
    #[id = "loudness_depth"]
    pub loudness_depth: FloatParam,
    #[id = "loudness_low"]
    pub loudness_low: FloatParam,
    #[id = "loudness_mid"]
    pub loudness_mid: FloatParam,
    #[id = "loudness_high"]
    pub loudness_high: FloatParam,
    #[id = "pitch_depth"]
    pub pitch_depth: FloatParam,
    #[id = "pitch_low"]
    pub pitch_low: FloatParam,
    #[id = "pitch_mid"]
    pub pitch_mid: FloatParam,
    #[id = "pitch_high"]
    pub pitch_high: FloatParam,
    #[id = "morph_by"]
    pub morph_by: EnumParam<MorphByParam>,
    #[id = "morph_x"]
    pub morph_x: FloatParam,
    #[id = "morph_y"]
    pub morph_y: FloatParam,
    #[id = "morph_1"]
    pub morph_1: FloatParam,
    #[id = "morph_2"]
    pub morph_2: FloatParam,
    #[id = "morph_3"]
    pub morph_3: FloatParam,
    #[id = "morph_4"]
    pub morph_4: FloatParam,
    #[id = "morph_5"]
    pub morph_5: FloatParam,
    #[id = "morph_6"]
    pub morph_6: FloatParam,
    #[id = "morph_7"]
    pub morph_7: FloatParam,
    #[id = "morph_8"]
    pub morph_8: FloatParam,
    #[id = "side_depth"]
    pub side_depth: FloatParam,
    #[id = "side_attack"]
    pub side_attack: FloatParam,
    #[id = "side_release"]
    pub side_release: FloatParam,
    #[id = "wheel_depth"]
    pub wheel_depth: FloatParam,
    #[id = "wheel"]
    pub wheel: FloatParam,
    #[id = "scenes_on"]
    pub scenes_on: BoolParam,
    #[id = "scene_morph"]
    pub scene_morph: FloatParam,
    /// Output, set by the plugin only: the ratio of the frame that is being output.
    #[id = "out_ratio"]
    pub out_ratio: FloatParam,
    /// Output, set by the plugin only: the confidence in the frame's neighbours.
    #[id = "out_confidence"]
    pub out_confidence: FloatParam,

    /// The two snapshots: saved with the session, no parameter.
    #[persist = "scenes"]
    pub scenes: SceneField,
}

/// [`Listen`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the display names document them")]
pub enum ListenParam {
    #[id = "blend"]
    #[name = "Blend"]
    Blend,
    #[id = "live"]
    #[name = "Live"]
    Live,
    #[id = "retrieved"]
    #[name = "Retrieved"]
    Retrieved,
    #[id = "difference"]
    #[name = "Difference"]
    Difference,
}

/// [`WeightingKind`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightingParam {
    /// One over the fourth power of the distance.
    #[id = "rvc"]
    #[name = "RVC (1/d⁴)"]
    Rvc,
    /// One over the squared distance.
    #[id = "inverse_square"]
    #[name = "1/d²"]
    InverseSquare,
    /// By the temperature.
    #[id = "softmax"]
    #[name = "Softmax"]
    Softmax,
    /// All alike.
    #[id = "equal"]
    #[name = "Equal"]
    Equal,
}

/// What determines the morph.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum MorphByParam {
    /// One weight per target.
    #[id = "weights"]
    #[name = "Weights"]
    Weights,
    /// The position on the pad.
    #[id = "pad"]
    #[name = "Pad"]
    Pad,
}

impl Default for BlendParams {
    fn default() -> Self {
        let weight = |n: usize, value| percent(&format!("Morph weight {n}"), value);
        Self {
            trust: percent("Trust", 0.0),
            continuity: percent("Continuity", 0.0),
            listen: EnumParam::new("Listen", ListenParam::Blend),
            weighting: EnumParam::new("Weighting", WeightingParam::Rvc),
            weighting_temperature: temperature("Softmax temperature"),
            ratio_glide: time("Ratio glide", 0.0, 0.0, 500.0),
            voicing_depth: percent("Voicing depth", 0.0),
            voicing_unvoiced: percent("Ratio unvoiced", 33.0),
            voicing_voiced: percent("Ratio voiced", 100.0),
            loudness_depth: percent("Loudness depth", 0.0),
            loudness_low: percent("Ratio at -60 dB", 0.0),
            loudness_mid: percent("Ratio at -30 dB", 50.0),
            loudness_high: percent("Ratio at 0 dB", 100.0),
            pitch_depth: percent("Pitch depth", 0.0),
            pitch_low: percent("Ratio at 50 Hz", 0.0),
            pitch_mid: percent("Ratio at 200 Hz", 50.0),
            pitch_high: percent("Ratio at 800 Hz", 100.0),
            morph_by: EnumParam::new("Morph by", MorphByParam::Weights),
            morph_x: percent("Morph X", 50.0),
            morph_y: percent("Morph Y", 50.0),
            morph_1: weight(1, 100.0),
            morph_2: weight(2, 0.0),
            morph_3: weight(3, 0.0),
            morph_4: weight(4, 0.0),
            morph_5: weight(5, 0.0),
            morph_6: weight(6, 0.0),
            morph_7: weight(7, 0.0),
            morph_8: weight(8, 0.0),
            side_depth: depth("Side to ratio"),
            side_attack: time("Side attack", 5.0, 0.0, 500.0),
            side_release: time("Side release", 100.0, 0.0, 2_000.0),
            wheel_depth: depth("Wheel to ratio"),
            wheel: percent("Mod wheel", 0.0),
            scenes_on: BoolParam::new("Scenes", false),
            scene_morph: percent("Scene A to B", 0.0),
            out_ratio: output("Ratio applied"),
            out_confidence: output("Confidence"),
            scenes: SceneField::default(),
        }
    }
}

impl BlendParams {
    /// Weights of the targets, in their order.
    #[must_use]
    pub fn weights(&self) -> [&FloatParam; MAX_TARGETS] {
        [
            &self.morph_1,
            &self.morph_2,
            &self.morph_3,
            &self.morph_4,
            &self.morph_5,
            &self.morph_6,
            &self.morph_7,
            &self.morph_8,
        ]
    }

    /// The current settings, without scenes.
    ///
    /// # Real-time
    /// Atomic loads and arithmetic only.
    #[must_use]
    pub fn settings(&self) -> BlendSettings {
        let level = |depth: &FloatParam, points: [&FloatParam; 3]| LevelCurve {
            depth: part(depth),
            points: points.map(part),
        };
        let by_pad = self.morph_by.value() == MorphByParam::Pad;
        BlendSettings {
            trust: part(&self.trust),
            curves: Curves {
                voicing: VoicingCurve {
                    depth: part(&self.voicing_depth),
                    unvoiced: part(&self.voicing_unvoiced),
                    voiced: part(&self.voicing_voiced),
                },
                loudness: level(
                    &self.loudness_depth,
                    [&self.loudness_low, &self.loudness_mid, &self.loudness_high],
                ),
                pitch: level(
                    &self.pitch_depth,
                    [&self.pitch_low, &self.pitch_mid, &self.pitch_high],
                ),
            },
            morph: Morph {
                weights: self.weights().map(part),
                pad: by_pad.then(|| [part(&self.morph_x), part(&self.morph_y)]),
            },
            continuity: part(&self.continuity),
            listen: match self.listen.value() {
                ListenParam::Blend => Listen::Blend,
                ListenParam::Live => Listen::Live,
                ListenParam::Retrieved => Listen::Retrieved,
                ListenParam::Difference => Listen::Difference,
            },
            weighting: Weighting {
                kind: match self.weighting.value() {
                    WeightingParam::Rvc => WeightingKind::Rvc,
                    WeightingParam::InverseSquare => WeightingKind::InverseSquare,
                    WeightingParam::Softmax => WeightingKind::Softmax,
                    WeightingParam::Equal => WeightingKind::Equal,
                },
                temperature: Temperature(self.weighting_temperature.value()),
            },
        }
    }

    /// Sets the wheel to a MIDI value (0..1).
    ///
    /// # Real-time
    /// Atomic stores.
    pub fn set_wheel(&self, value: f32) {
        if value.is_finite() {
            // SAFETY: the parameter lives; nothing but atomics is stored.
            unsafe {
                self.wheel
                    .as_ptr()
                    ._internal_set_normalized_value(value.clamp(0.0, 1.0))
            };
        }
    }

    /// Writes the blending settings to `controls`: from the parameters, or from the scenes.
    ///
    /// # Real-time
    /// Atomic loads and arithmetic only.
    pub fn apply(&self, controls: &mut Controls) {
        if self.scenes_on.value() {
            let [a, b] = self.scenes.scenes();
            let scene = Scene::between(&a, &b, part(&self.scene_morph));
            (controls.blend_ratio, controls.blend) = (scene.ratio, scene.blend);
        } else {
            controls.blend = self.settings();
        }
        controls.drive = Drive {
            side_level: 0.0,
            side_depth: part(&self.side_depth),
            wheel: part(&self.wheel),
            wheel_depth: part(&self.wheel_depth),
            ..Drive::default()
        };
    }
}

/// An output parameter in percent. nice-plug makes only hidden parameters read-only; both
/// exports show them again.
fn output(name: &str) -> FloatParam {
    percent(name, 0.0).non_automatable().hide()
}
