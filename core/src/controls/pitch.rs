//! Settings of the pitch track. With all defaults it is the tracker's, bit for bit.

/// Corrections of the tracked pitch, before it is transposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PitchSettings {
    /// Pitches below this count as unvoiced; [`Self::NO_LIMITS_HZ`]`.0` = no limit.
    pub lowest_hz: f32,
    /// Pitches above this count as unvoiced; [`Self::NO_LIMITS_HZ`]`.1` = no limit.
    pub highest_hz: f32,
    /// A jump by about an octave counts as an error of the tracker for so long, and is taken back; 0 = off.
    pub octave_guard_ms: f32,
    /// Time constant of a first-order low-pass over the logarithm of the pitch; 0 = off.
    pub smoothing_ms: f32,
}

impl PitchSettings {
    /// The range that trackers search (RVC's).
    pub const NO_LIMITS_HZ: (f32, f32) = (50.0, 1100.0);
}

impl Default for PitchSettings {
    fn default() -> Self {
        let (lowest_hz, highest_hz) = Self::NO_LIMITS_HZ;
        Self {
            lowest_hz,
            highest_hz,
            octave_guard_ms: 0.0,
            smoothing_ms: 0.0,
        }
    }
}
