//! The level of the side chain.

/// Envelope follower: peak level of a signal, smoothed by attack and release time (each
/// to 63 % of a step), sample by sample.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope {
    level: f32,
    rise: f32,
    fall: f32,
}

impl Envelope {
    /// Sets both times; 0 = no smoothing.
    pub fn set_times(&mut self, attack_ms: f32, release_ms: f32, rate_hz: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "rates up to 384 kHz")]
        let per_ms = rate_hz as f32 / 1000.0;
        let step = |ms: f32| {
            let samples = ms * per_ms;
            if samples > 0.0 {
                1.0 - (-1.0 / samples).exp()
            } else {
                1.0
            }
        };
        (self.rise, self.fall) = (step(attack_ms), step(release_ms));
    }

    /// Silent again.
    pub fn reset(&mut self) {
        self.level = 0.0;
    }

    /// The level after one more sample (all channels), 0..=1.
    pub fn next(&mut self, samples: impl Iterator<Item = f32>) -> f32 {
        let peak = samples
            .filter(|sample| sample.is_finite())
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
            .min(1.0);
        let step = if peak > self.level { self.rise } else { self.fall };
        self.level += (peak - self.level) * step;
        // An inaudible tail must not become a denormal.
        if self.level < 1e-9 {
            self.level = 0.0;
        }
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_rises_with_the_attack_and_falls_with_the_release_time() {
        let mut envelope = Envelope::default();
        envelope.set_times(5.0, 100.0, 48_000.0);
        let mut last = 0.0;
        let mut expected = 0.0_f64;
        for n in 0..19_200 {
            let loud = n < 9_600;
            last = envelope.next([if loud { -0.5 } else { 0.0 }, f32::NAN].into_iter());
            let (peak, ms): (f64, f64) = if loud { (0.5, 5.0) } else { (0.0, 100.0) };
            expected += (peak - expected) * (1.0 - (-1.0 / (ms * 48.0)).exp());
            assert!(
                (f64::from(last) - expected).abs() < 1e-5,
                "{n}: {last} {expected}"
            );
            if n == 239 {
                assert!((last - 0.5 * 0.632).abs() < 1e-3, "63 % after the attack: {last}");
            }
        }
        assert!((last - 0.5 * (-2.0_f32).exp()).abs() < 1e-3, "{last}");
        envelope.set_times(0.0, 0.0, 48_000.0);
        assert_eq!(envelope.next(std::iter::once(3.0)), 1.0);
        assert_eq!(envelope.next(std::iter::once(0.25)), 0.25);
    }
}
