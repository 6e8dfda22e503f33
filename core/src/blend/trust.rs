//! How far a retrieved embedding is to be relied on.

/// Ranks from here on cost trust, and from there on all of it. A frame of the
/// target's own data has a rank below 1 by definition; with the default pack
/// speech of a stranger lies at 0.8 on average, breath at 0.9, a barking dog at
/// 1.0, laughter at 1.2, a violin at 1.4, and a sine of 2 kHz at 1.5.
const DOUBT_FROM: f32 = 0.75;
const DOUBT_TO: f32 = 1.25;

/// 0 for a distance as the index's own vectors have it, 1 far away from all of
/// them, smooth between.
#[must_use]
pub fn doubt(rank: f32) -> f32 {
    let x = ((rank - DOUBT_FROM) / (DOUBT_TO - DOUBT_FROM)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// The ratio's factor: `1 - trust * doubt`. With the knob at 0 it is exactly 1.
#[must_use]
pub fn factor(rank: f32, knob: f32) -> f32 {
    1.0 - clean(knob) * doubt(rank)
}

/// 1 where all neighbours are one vector, one half where they lie around their
/// mean as far as the index's vectors typically lie apart.
#[must_use]
pub fn agreement(spread_squared: f32, median: f32) -> f32 {
    if spread_squared <= 0.0 {
        return 1.0;
    }
    let unit = median * median;
    unit / (unit + spread_squared)
}

/// Both in one number for the meter: near, and of one mind.
#[must_use]
pub fn confidence(rank: f32, agreement: f32) -> f32 {
    (1.0 - doubt(rank)) * agreement
}

/// 0..=1, whatever comes.
pub(super) fn clean(value: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}
