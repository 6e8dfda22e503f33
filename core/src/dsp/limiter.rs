//! Last stage before the output: finite values, bounded peaks.

/// Below this amplitude a sample passes unchanged, bit for bit.
const KNEE: f32 = 0.9;
/// Upper bound of the output (-0.04 dBFS).
const CEILING: f32 = 0.995;

/// Memoryless soft limiter, in place: identity below the knee, then a smooth approach to
/// the ceiling.
pub fn soft_limit(samples: &mut [f32]) {
    for sample in samples {
        let level = sample.abs();
        if level > KNEE {
            let room = CEILING - KNEE;
            *sample = sample.signum() * (KNEE + room * ((level - KNEE) / room).tanh());
        }
    }
}

/// True if every sample is finite.
#[must_use]
pub fn all_finite(samples: &[f32]) -> bool {
    samples.iter().all(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_up_to_0_9_are_unchanged_and_louder_ones_stay_below_1() {
        let mut samples = [0.0, 0.5, -0.9, 1.0, -40.0, f32::MAX];
        soft_limit(&mut samples);
        assert_eq!(samples[..3], [0.0, 0.5, -0.9]);
        assert!(samples.iter().all(|x| x.abs() <= CEILING));
        assert!(samples[3] > 0.9 && samples[4] < -0.99);
    }
}
