//! Trust: lowers the ratio where the input is far from the target's data.

/// Ranks between which the outlier score rises from 0 to 1. Frames of the target's own
/// data have ranks below 1 by definition; with the default pack speech of other speakers
/// has 0.8 on average, breath 0.9, a barking dog 1.0, laughter 1.2, a violin 1.4, and a
/// sine of 2 kHz 1.5.
const OUTLIER_FROM: f32 = 0.75;
const OUTLIER_TO: f32 = 1.25;

/// 0 for distances typical of the index's own vectors, 1 far from all of them, smooth in
/// between.
#[must_use]
pub fn outlier_score(rank: f32) -> f32 {
    let x = ((rank - OUTLIER_FROM) / (OUTLIER_TO - OUTLIER_FROM)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Factor of the ratio: `1 - trust * outlier_score`; exactly 1 at trust 0.
#[must_use]
pub fn factor(rank: f32, trust: f32) -> f32 {
    1.0 - clamp_unit(trust) * outlier_score(rank)
}

/// 1 if all neighbours are equal, one half if their spread around their mean equals the
/// typical distance between the index's vectors.
#[must_use]
pub fn agreement(spread_squared: f32, median: f32) -> f32 {
    if spread_squared <= 0.0 {
        return 1.0;
    }
    let unit = median * median;
    unit / (unit + spread_squared)
}

/// Confidence for the meter: the neighbours are near and agree.
#[must_use]
pub fn confidence(rank: f32, agreement: f32) -> f32 {
    (1.0 - outlier_score(rank)) * agreement
}

/// Clamps to 0..=1; NaN becomes 0.
pub(super) fn clamp_unit(value: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}
