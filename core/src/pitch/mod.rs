//! From the tracked pitch to the one that the synthesizer gets.
//!
//! For each frame of 10 ms, in this order:
//!
//! | file | what |
//! | --- | --- |
//! | [`octaves`] | jumps by an octave that are errors |
//! | this one | the range |
//! | [`smoothing`] | a low-pass that looks back only |
//! | this one | transposition |
//!
//! Each step changes nothing at its default. None looks ahead, so none adds latency. The settings are those at the
//! frame's own time.
//!
//! Thread: worker, once per frame.

mod frame;
pub mod octaves;
pub mod smoothing;

use crate::controls::{Controls, PitchSettings};
use octaves::OctaveGuard;
use smoothing::Smoothing;

/// The pitch of one voice, frame by frame.
#[derive(Clone, Debug, Default)]
pub struct PitchStage {
    guard: OctaveGuard,
    smoothing: Smoothing,
}

impl PitchStage {
    /// The next frame does not continue the last one.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Corrects the tracked pitch of the next frame in Hz; 0 = unvoiced.
    pub fn correct(&mut self, tracked_hz: f32, settings: &PitchSettings) -> f32 {
        let guarded = self.guard.next(tracked_hz, settings.octave_guard_ms);
        let inside = if is_inside(guarded, settings) {
            guarded
        } else {
            0.0
        };
        self.smoothing.next(inside, settings.smoothing_ms)
    }

    /// The pitch that the synthesizer gets for a frame, from its corrected one.
    pub fn transpose(&mut self, f0_hz: f32, controls: &Controls) -> f32 {
        f0_hz * controls.pitch_shift.ratio()
    }
}

/// At the ends of the trackers' range there is no limit, so that their rounding errors do no harm.
fn is_inside(f0_hz: f32, settings: &PitchSettings) -> bool {
    let (lowest_hz, highest_hz) = PitchSettings::NO_LIMITS_HZ;
    let too_low = settings.lowest_hz > lowest_hz && f0_hz < settings.lowest_hz;
    let too_high = settings.highest_hz < highest_hz && f0_hz > settings.highest_hz;
    !(too_low || too_high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Semitones;

    #[test]
    fn at_the_defaults_every_pitch_is_the_trackers_times_the_shift_bit_for_bit() {
        let mut stage = PitchStage::default();
        let controls = Controls {
            pitch_shift: Semitones(-3.7),
            ..Controls::default()
        };
        for tracked in [
            0.0, 49.999_996, 1100.0001, 220.0, 440.0, 0.0, 110.0, 219.3, 1500.0,
        ] {
            let corrected = stage.correct(tracked, &controls.pitch);
            assert_eq!(corrected.to_bits(), tracked.to_bits());
            let shifted = stage.transpose(corrected, &controls);
            assert_eq!(shifted.to_bits(), (tracked * Semitones(-3.7).ratio()).to_bits());
        }
    }

    #[test]
    fn pitches_outside_the_range_are_unvoiced() {
        let mut stage = PitchStage::default();
        let settings = PitchSettings {
            lowest_hz: 80.0,
            highest_hz: 300.0,
            ..PitchSettings::default()
        };
        for (tracked, expected) in [
            (79.9, 0.0),
            (80.0, 80.0),
            (300.0, 300.0),
            (300.1, 0.0),
            (0.0, 0.0),
        ] {
            assert_eq!(stage.correct(tracked, &settings), expected, "{tracked}");
        }
    }

    #[test]
    fn an_octave_error_above_the_range_is_taken_back_into_it() {
        let mut stage = PitchStage::default();
        let settings = PitchSettings {
            highest_hz: 300.0,
            octave_guard_ms: 100.0,
            ..PitchSettings::default()
        };
        let corrected: Vec<f32> = [200.0, 400.0, 200.0]
            .iter()
            .map(|&hz| stage.correct(hz, &settings))
            .collect();
        assert_eq!(corrected, [200.0, 200.0, 200.0]);
    }
}
