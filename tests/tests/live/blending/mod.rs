//! A real-time pass without interruptions equals the offline render bit for bit, while all blending controls are
//! automated.

mod engine;
mod plugin;
mod voice;

use voxmeld_core::controls::{
    BlendSettings, Curves, LevelCurve, Listen, Morph, Scene, Temperature, VoicingCurve, Weighting,
    WeightingKind,
};

/// Two scenes that differ in every setting.
fn scenes() -> [Scene; 2] {
    let curve = |points| LevelCurve { depth: 0.8, points };
    let blend = BlendSettings {
        trust: 1.0,
        curves: Curves {
            voicing: VoicingCurve {
                depth: 1.0,
                unvoiced: 0.33,
                voiced: 1.0,
            },
            loudness: curve([0.2, 1.0, 0.6]),
            pitch: curve([1.0, 0.4, 0.9]),
        },
        morph: Morph {
            weights: [1.0, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0],
            pad: None,
        },
        continuity: 0.7,
        listen: Listen::Blend,
        weighting: Weighting {
            kind: WeightingKind::Softmax,
            temperature: Temperature(0.3),
        },
    };
    let mut other = BlendSettings {
        trust: 0.2,
        continuity: 0.1,
        weighting: Weighting::default(),
        ..blend
    };
    other.morph.weights = [0.1, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    [
        Scene { ratio: 0.2, blend },
        Scene {
            ratio: 1.0,
            blend: other,
        },
    ]
}
