//! The pitch at which someone speaks.

use super::frame::octaves_between;
use crate::controls::PitchSettings;

/// Steps of the histogram per octave: ten cents each.
const STEPS_PER_OCTAVE: f32 = 120.0;
/// Steps from 50 to 1100 Hz.
const STEPS: usize = 536;
/// Voiced frames after which there is a median (1 s).
const FIRST_FRAMES: u32 = 100;
/// Voiced frames after which it stays as it is (10 s), so that a song or a laugh later does not move it.
const LAST_FRAMES: u32 = 1000;

/// The median pitch of the first ten seconds of voiced input, known after the first of them, to ten cents.
#[derive(Clone, Debug)]
pub struct MedianPitch {
    counts: [u16; STEPS],
    frames: u32,
    median_hz: Option<f32>,
}

impl Default for MedianPitch {
    fn default() -> Self {
        Self {
            counts: [0; STEPS],
            frames: 0,
            median_hz: None,
        }
    }
}

impl MedianPitch {
    /// The pitch of the next frame of 10 ms; 0 = unvoiced.
    pub fn add(&mut self, f0_hz: f32) {
        if f0_hz.is_nan() || f0_hz <= 0.0 || self.frames >= LAST_FRAMES {
            return;
        }
        self.counts[step_of(f0_hz)] += 1;
        self.frames += 1;
        if self.frames >= FIRST_FRAMES && self.frames.is_multiple_of(10) {
            self.median_hz = Some(self.middle());
        }
    }

    /// The median in Hz; `None` in the first second of voiced input.
    #[must_use]
    pub fn hz(&self) -> Option<f32> {
        self.median_hz
    }

    fn middle(&self) -> f32 {
        let mut below = 0;
        let half = self.frames.div_ceil(2);
        let step = self.counts.iter().position(|&count| {
            below += u32::from(count);
            below >= half
        });
        #[expect(clippy::cast_precision_loss, reason = "a few hundred steps")]
        let octaves = (step.unwrap_or(0) as f32 + 0.5) / STEPS_PER_OCTAVE;
        PitchSettings::NO_LIMITS_HZ.0 * octaves.exp2()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the range is checked"
)]
fn step_of(f0_hz: f32) -> usize {
    let octaves = octaves_between(PitchSettings::NO_LIMITS_HZ.0, f0_hz);
    ((octaves * STEPS_PER_OCTAVE) as usize).min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_known_after_a_second_of_voiced_frames_to_ten_cents() {
        let mut median = MedianPitch::default();
        for frame in 0..100_u16 {
            assert_eq!(median.hz(), None);
            median.add(0.0);
            // 100 to 199 Hz, the order does not matter.
            median.add(100.0 + f32::from(frame * 37 % 100));
        }
        let hz = median.hz().expect("a second");
        assert!((1200.0 * octaves_between(149.0, hz)).abs() < 10.0, "{hz}");
    }

    #[test]
    fn after_ten_seconds_the_median_stays() {
        let mut median = MedianPitch::default();
        (0..1000).for_each(|_| median.add(120.0));
        let before = median.hz();
        (0..5000).for_each(|_| median.add(400.0));
        assert_eq!(median.hz(), before);
    }

    #[test]
    fn pitches_outside_the_trackers_range_count_at_its_ends() {
        for (tracked, expected) in [(1.0, 50.0), (1100.0, 1100.0), (20_000.0, 1100.0)] {
            let mut median = MedianPitch::default();
            (0..100).for_each(|_| median.add(tracked));
            let hz = median.hz().expect("a second");
            assert!(
                (1200.0 * octaves_between(expected, hz)).abs() < 10.0,
                "{tracked}: {hz}"
            );
        }
    }
}
