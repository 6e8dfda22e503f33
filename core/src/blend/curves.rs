//! Factors of the ratio by voicing, loudness and pitch.

use super::trust::clamp_unit;
use crate::controls::{Curves, LevelCurve, VoicingCurve};

/// Levels at the ends of the loudness curve.
const QUIET_DB: f32 = -60.0;
/// Pitches at the ends of the pitch curve, four octaves apart.
const LOW_HZ: f32 = 50.0;
const OCTAVES: f32 = 4.0;

/// Product of the three factors of a 10 ms half frame. `f0_hz` is the input's pitch before
/// any shift, 0 = unvoiced; `level` its root mean square.
#[must_use]
pub fn factor(curves: &Curves, f0_hz: f32, level: f32) -> f32 {
    let mut product = voicing(&curves.voicing, f0_hz);
    // At depth 0 no logarithm is taken, and the factor is exactly 1.
    if curves.loudness.depth > 0.0 {
        product *= at(&curves.loudness, loudness_place(level));
    }
    if curves.pitch.depth > 0.0 && f0_hz > 0.0 {
        product *= at(&curves.pitch, pitch_place(f0_hz));
    }
    product
}

/// With depth 1, unvoiced `p` and voiced 1 this is RVC's `protect`: an unvoiced
/// row becomes `p * blended + (1 - p) * live`, which is a blend at `p * ratio`.
fn voicing(curve: &VoicingCurve, f0_hz: f32) -> f32 {
    let value = if f0_hz > 0.0 { curve.voiced } else { curve.unvoiced };
    1.0 - clamp_unit(curve.depth) * (1.0 - clamp_unit(value))
}

/// A curve at a position (0..1), with its depth applied.
fn at(curve: &LevelCurve, place: f32) -> f32 {
    let [low, middle, high] = curve.points.map(clamp_unit);
    let value = if place < 0.5 {
        low + (middle - low) * (2.0 * place)
    } else {
        middle + (high - middle) * (2.0 * place - 1.0)
    };
    1.0 - clamp_unit(curve.depth) * (1.0 - value)
}

/// -60 dBFS is 0, 0 dBFS is 1; silence is 0.
#[must_use]
pub fn loudness_place(level: f32) -> f32 {
    if level > 0.0 {
        clamp_unit((20.0 * level.log10() - QUIET_DB) / -QUIET_DB)
    } else {
        0.0
    }
}

/// 50 Hz is 0, 800 Hz is 1, over octaves.
#[must_use]
pub fn pitch_place(f0_hz: f32) -> f32 {
    clamp_unit((f0_hz / LOW_HZ).log2() / OCTAVES)
}
