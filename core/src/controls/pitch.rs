//! Settings of the pitch track and of the formants. With all defaults it is the tracker's, bit for bit.

use super::scale::Snap;
use crate::units::Semitones;

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
    /// Add the interval from the speaker's median pitch to the target's to the transposition.
    pub auto: bool,
    /// The scale that the transposed pitch is drawn to.
    pub snap: Snap,
    /// A note that replaces the pitch of voiced frames: in semitones as MIDI counts them, 69 = 440 Hz; `None` = none.
    pub note: Option<f32>,
    /// Transposition of the formants.
    pub formant_shift: Semitones,
}

impl PitchSettings {
    /// The range that trackers search (RVC's).
    pub const NO_LIMITS_HZ: (f32, f32) = (50.0, 1100.0);
    /// Largest shift of the formants, up or down.
    pub const MAX_FORMANT_SHIFT: Semitones = Semitones(12.0);

    /// The factor of the formants' frequencies; exactly 1 for no shift.
    #[must_use]
    pub fn formant_factor(&self) -> f32 {
        let most = Self::MAX_FORMANT_SHIFT.0;
        let shift = self.formant_shift.0;
        if shift.is_nan() {
            1.0
        } else {
            Semitones(shift.clamp(-most, most)).ratio()
        }
    }
}

impl Default for PitchSettings {
    fn default() -> Self {
        let (lowest_hz, highest_hz) = Self::NO_LIMITS_HZ;
        Self {
            lowest_hz,
            highest_hz,
            octave_guard_ms: 0.0,
            smoothing_ms: 0.0,
            auto: false,
            snap: Snap::default(),
            note: None,
            formant_shift: Semitones(0.0),
        }
    }
}
