//! From the tracked pitch to the one that the synthesizer gets.
//!
//! For each frame of 10 ms, in this order:
//!
//! | file | what |
//! | --- | --- |
//! | [`octaves`] | jumps by an octave that are errors |
//! | this one | the range |
//! | [`smoothing`] | a low-pass that looks back only |
//! | [`median`], [`offset`] | transposition, and its automatic part |
//! | [`snap`] | a scale |
//! | this one | a note that replaces the pitch |
//!
//! Each step changes nothing at its default. None looks ahead, so none adds latency. The settings are those at the
//! frame's own time.
//!
//! Thread: worker, once per frame.

mod frame;
pub mod median;
pub mod octaves;
pub mod offset;
pub mod smoothing;
pub mod snap;

use crate::controls::{Controls, PitchSettings};
use crate::units::Semitones;
use frame::hz_of_note;
use median::MedianPitch;
use octaves::OctaveGuard;
use offset::AutoOffset;
use smoothing::Smoothing;
use snap::ScaleSnap;

/// The highest note that drives a pitch, MIDI's highest.
const HIGHEST_NOTE: f32 = 127.0;

/// The pitch of one voice, frame by frame.
#[derive(Clone, Debug, Default)]
pub struct PitchStage {
    guard: OctaveGuard,
    smoothing: Smoothing,
    speaker: MedianPitch,
    offset: AutoOffset,
    snap: ScaleSnap,
}

impl PitchStage {
    /// Forgets everything: another stream begins.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// The next frame does not continue the last one, but the speaker is the same.
    pub fn skip(&mut self) {
        self.guard = OctaveGuard::default();
        self.smoothing = Smoothing::default();
        self.snap = ScaleSnap::default();
    }

    /// The speaker's median pitch in Hz, once it is known.
    #[must_use]
    pub fn speaker_hz(&self) -> Option<f32> {
        self.speaker.hz()
    }

    /// Corrects the tracked pitch of the next frame in Hz; 0 = unvoiced.
    pub fn correct(&mut self, tracked_hz: f32, settings: &PitchSettings) -> f32 {
        let guarded = self.guard.next(tracked_hz, settings.octave_guard_ms);
        let inside = if is_inside(guarded, settings) {
            guarded
        } else {
            0.0
        };
        let f0_hz = self.smoothing.next(inside, settings.smoothing_ms);
        self.speaker.add(f0_hz);
        f0_hz
    }

    /// The pitch that the synthesizer gets for a frame, from its corrected one and the target's median in Hz.
    pub fn transpose(&mut self, f0_hz: f32, controls: &Controls, target_hz: Option<f32>) -> f32 {
        let (auto, speaker_hz) = (controls.pitch.auto, self.speaker.hz());
        let offset = self.offset.next(auto, speaker_hz, target_hz, f0_hz > 0.0);
        let shifted = f0_hz * controls.pitch_shift.ratio();
        let shifted = if offset == 0.0 {
            shifted
        } else {
            shifted * Semitones(offset).ratio()
        };
        let snapped = self.snap.next(shifted, &controls.pitch.snap);
        match controls.pitch.note {
            Some(note) if f0_hz > 0.0 && note.is_finite() => hz_of_note(note.clamp(0.0, HIGHEST_NOTE)),
            _ => snapped,
        }
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
            let shifted = stage.transpose(corrected, &controls, Some(185.0));
            assert_eq!(shifted.to_bits(), (tracked * Semitones(-3.7).ratio()).to_bits());
        }
    }

    #[test]
    fn with_auto_the_speakers_median_becomes_the_targets_plus_the_shift() {
        let mut stage = PitchStage::default();
        let mut controls = Controls {
            pitch_shift: Semitones(-12.0),
            ..Controls::default()
        };
        controls.pitch.auto = true;
        let mut last = 0.0;
        for frame in 0..130 {
            // A pause after the first second.
            let tracked = if frame == 110 { 0.0 } else { 100.0 };
            let corrected = stage.correct(tracked, &controls.pitch);
            last = stage.transpose(corrected, &controls, Some(185.0));
        }
        assert!(
            (1200.0 * frame::octaves_between(92.5, last)).abs() < 6.0,
            "{last}"
        );
    }

    #[test]
    fn a_note_replaces_the_pitch_of_voiced_frames_only() {
        let mut stage = PitchStage::default();
        let mut controls = Controls {
            pitch_shift: Semitones(5.0),
            ..Controls::default()
        };
        for (note, tracked, expected) in [
            (Some(69.0), 120.0, 440.0),
            (Some(57.0), 333.0, 220.0),
            (Some(60.0), 0.0, 0.0),
            (Some(f32::NAN), 120.0, 120.0 * Semitones(5.0).ratio()),
            (None, 120.0, 120.0 * Semitones(5.0).ratio()),
        ] {
            controls.pitch.note = note;
            assert_eq!(stage.transpose(tracked, &controls, None), expected, "{note:?}");
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
