//! Errors of a pitch tracker by a whole octave.

use super::frame::{FRAME_MS, octaves_between};

/// Distance from a whole octave at which a jump still counts as one: three semitones.
const TOLERANCE_OCTAVES: f32 = 0.25;
/// After so long without a pitch (250 ms) any pitch is right.
const FORGET_MS: f32 = 250.0;

/// Takes jumps by about one or more octaves back while they are short. A pitch that stays there is accepted after the set
/// time, so that a singer's octave is only late.
#[derive(Clone, Copy, Debug, Default)]
pub struct OctaveGuard {
    /// The last pitch that was put out; 0 = none that counts.
    last_hz: f32,
    unvoiced_ms: f32,
    jumped_ms: f32,
}

impl OctaveGuard {
    /// The pitch of the next frame; 0 = unvoiced. `guard_ms` 0 = unchanged.
    pub fn next(&mut self, f0_hz: f32, guard_ms: f32) -> f32 {
        if f0_hz <= 0.0 {
            self.unvoiced_ms += FRAME_MS;
            if self.unvoiced_ms > FORGET_MS {
                *self = Self {
                    unvoiced_ms: self.unvoiced_ms,
                    ..Self::default()
                };
            }
            return f0_hz;
        }
        self.unvoiced_ms = 0.0;
        let octaves = if self.last_hz > 0.0 {
            octaves_between(self.last_hz, f0_hz)
        } else {
            0.0
        };
        let whole = octaves.round();
        let is_jump = whole != 0.0 && (octaves - whole).abs() <= TOLERANCE_OCTAVES;
        if is_jump && self.jumped_ms < guard_ms {
            self.jumped_ms += FRAME_MS;
            self.last_hz = f0_hz * (-whole).exp2();
        } else {
            self.jumped_ms = 0.0;
            self.last_hz = f0_hz;
        }
        self.last_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(pitches: &[f32], guard_ms: f32) -> Vec<f32> {
        let mut guard = OctaveGuard::default();
        pitches.iter().map(|&hz| guard.next(hz, guard_ms)).collect()
    }

    #[test]
    fn a_short_jump_by_an_octave_is_taken_back() {
        let tracked = [200.0, 202.0, 404.0, 404.0, 101.0, 200.0];
        assert_eq!(
            guarded(&tracked, 100.0),
            [200.0, 202.0, 202.0, 202.0, 202.0, 200.0]
        );
        assert_eq!(guarded(&[200.0, 810.0, 50.0], 100.0), [200.0, 202.5, 200.0]);
    }

    #[test]
    fn an_octave_that_stays_is_accepted_after_the_set_time() {
        let tracked = [200.0, 400.0, 400.0, 400.0, 400.0, 400.0];
        assert_eq!(
            guarded(&tracked, 30.0),
            [200.0, 200.0, 200.0, 200.0, 400.0, 400.0]
        );
    }

    #[test]
    fn other_intervals_and_jumps_after_a_pause_are_unchanged() {
        for tracked in [[200.0, 300.0, 200.0], [200.0, 330.0, 130.0]] {
            assert_eq!(guarded(&tracked, 1000.0), tracked);
        }
        let mut pause = vec![200.0];
        pause.extend([0.0; 26]);
        pause.push(400.0);
        assert_eq!(guarded(&pause, 1000.0), pause);
        pause.drain(2..4);
        assert_eq!(
            guarded(&pause, 1000.0).last(),
            Some(&200.0),
            "24 frames are too few"
        );
    }

    #[test]
    fn at_0_ms_every_pitch_is_unchanged() {
        let tracked = [200.0, 400.0, 0.0, 100.0, 800.0, 50.0];
        assert_eq!(guarded(&tracked, 0.0), tracked);
    }
}
