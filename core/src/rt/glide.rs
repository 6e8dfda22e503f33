//! A value that glides to its target within a set time.

/// Moves linearly to a new target from the sample at which the target was set. The
/// value depends on positions alone, not on how blocks are cut. A time of 0 means no
/// smoothing.
#[derive(Clone, Copy, Debug)]
pub struct Glide {
    from: f32,
    to: f32,
    since: u64,
    samples: f32,
}

impl Glide {
    /// At rest on `value`.
    #[must_use]
    pub fn new(value: f32) -> Self {
        Self {
            from: value,
            to: value,
            since: 0,
            samples: 0.0,
        }
    }

    /// Sets a target to reach from `position` on within `samples`. Setting the same
    /// target again changes nothing.
    pub fn set(&mut self, target: f32, position: u64, samples: f32) {
        if target.to_bits() == self.to.to_bits() {
            return;
        }
        *self = Self {
            from: self.at(position),
            to: target,
            since: position,
            samples,
        };
    }

    /// The value at a position.
    #[must_use]
    pub fn at(&self, position: u64) -> f32 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "compared with half a second of samples"
        )]
        let passed = position.saturating_sub(self.since) as f32;
        // Written so that a NaN time counts as 0.
        if passed < self.samples {
            self.from + (self.to - self.from) * (passed / self.samples)
        } else {
            self.to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glide_is_linear_over_its_time_and_immediate_for_0_or_nan() {
        let mut glide = Glide::new(0.2);
        glide.set(0.8, 100, 0.0);
        assert_eq!((glide.at(100), glide.at(1_000)), (0.8, 0.8));
        glide.set(0.0, 1_000, 480.0);
        glide.set(0.0, 1_100, 480.0);
        for n in 0..=480_u64 {
            let expected = 0.8 * (1.0 - n as f64 / 480.0);
            assert!((f64::from(glide.at(1_000 + n)) - expected).abs() < 1e-6, "{n}");
        }
        assert_eq!(glide.at(1_480), 0.0);
        glide.set(1.0, 2_000, f32::NAN);
        assert_eq!(glide.at(2_000), 1.0);
    }
}
