//! A delay of half a sample more than a whole number.
//!
//! At some rates (88.2 kHz) the delays of the chain do not add up to whole samples:
//! the filter of a resampler whose chunk is an odd number of samples is not centred
//! in the chunk, and 5 ms may not be whole. No reported latency would be exact. This
//! delay makes the sum a whole number.

/// Length of the filter. It is symmetrical, so its delay is exact at all frequencies, and
/// flat to 0.05 dB up to a third of the rate (the engine's band ends at 8 kHz).
const TAPS: usize = 16;

/// The whole samples in this filter's delay of `TAPS / 2 - 0.5`.
pub const WHOLE_SAMPLES: usize = TAPS / 2 - 1;

/// Delays by [`WHOLE_SAMPLES`] and a half.
pub struct HalfSample {
    taps: [f32; TAPS],
    past: [f32; TAPS - 1],
    line: Vec<f32>,
}

impl Default for HalfSample {
    /// With silence in its past.
    fn default() -> Self {
        let middle = f64::from(u32::try_from(TAPS).unwrap_or(0)) / 2.0;
        let mut taps = [0.0; TAPS];
        for (n, tap) in (0_u32..).zip(&mut taps) {
            let x = f64::from(n) + 0.5 - middle;
            let sinc = (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x);
            let window = (std::f64::consts::FRAC_PI_2 * x / middle).cos();
            *tap = sinc * window;
        }
        // Unity gain for slow signals.
        let sum: f64 = taps.iter().sum();
        #[expect(clippy::cast_possible_truncation, reason = "coefficients of about one")]
        let taps = taps.map(|tap| (tap / sum) as f32);
        Self {
            taps,
            past: [0.0; TAPS - 1],
            line: Vec::new(),
        }
    }
}

impl HalfSample {
    /// Clears all past audio.
    pub fn reset(&mut self) {
        self.past.fill(0.0);
    }

    /// Delays `input`; `output` gets as many samples.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.line.clear();
        self.line.extend_from_slice(&self.past);
        self.line.extend_from_slice(input);
        output.clear();
        output.extend(
            self.line
                .windows(TAPS)
                .map(|window| window.iter().zip(&self.taps).map(|(x, tap)| x * tap).sum::<f32>()),
        );
        let kept = self.line.len() - self.past.len();
        self.past.copy_from_slice(&self.line[kept..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_up_to_8_khz_are_delayed_by_7_5_samples_at_unity_gain() {
        for hz in [50.0, 1_000.0, 4_000.0, 8_000.0] {
            let mut filter = HalfSample::default();
            let tone = |n: f64| (std::f64::consts::TAU * hz * n / 44_100.0).sin() as f32;
            let mut output = Vec::new();
            let mut all: Vec<f32> = Vec::new();
            let input: Vec<f32> = (0..4_410).map(|n| tone(f64::from(n))).collect();
            for piece in input.chunks(441) {
                filter.process(piece, &mut output);
                all.extend(&output);
            }
            let delay = WHOLE_SAMPLES as f64 + 0.5;
            for (n, &out) in all.iter().enumerate().skip(TAPS) {
                let expected = tone(n as f64 - delay);
                assert!(
                    (out - expected).abs() < 0.012,
                    "{hz} Hz, sample {n}: {out}, {expected}"
                );
            }
        }
    }
}
