//! Removes the constant part (DC) of a signal.

/// Cutoff frequency (-3 dB); an octave above it the filter's delay is below 5 ms.
const CUTOFF_HZ: f64 = 15.0;
/// While the input is silent, output below this level (-120 dBFS) becomes exactly zero.
const SILENT: f64 = 1e-6;

/// A high-pass filter of first order. Adds no latency.
pub struct DcBlocker {
    step: f64,
    /// `None` before the first sample. That sample is used as the initial constant, so that a stream with an offset does not start with a thump.
    mean: Option<f64>,
}

impl DcBlocker {
    /// For samples at this rate.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        Self {
            step: 1.0 - (-std::f64::consts::TAU * CUTOFF_HZ / rate_hz).exp(),
            mean: None,
        }
    }

    /// Clears all past audio.
    pub fn reset(&mut self) {
        self.mean = None;
    }

    /// The next sample without its constant part.
    #[must_use]
    pub fn next(&mut self, sample: f32) -> f32 {
        let input = f64::from(sample);
        let mean = self.mean.get_or_insert(input);
        let output = input - *mean;
        *mean += output * self.step;
        if sample == 0.0 && mean.abs() < SILENT {
            *mean = 0.0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a sample")]
        let output = output as f32;
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(signal: impl Fn(f32) -> f32, len: usize) -> Vec<f32> {
        let mut blocker = DcBlocker::new(48_000.0);
        (0..len).map(|n| blocker.next(signal(n as f32))).collect()
    }

    #[test]
    fn a_constant_from_the_first_sample_on_is_silence() {
        assert!(filtered(|_| 0.3, 48_000).iter().all(|&x| x == 0.0));
    }

    #[test]
    fn tones_from_100_hz_on_pass_within_a_tenth_of_a_decibel_without_the_constant() {
        for hz in [100.0, 1_000.0, 7_000.0] {
            let tone = |n: f32| 0.25 * (n * hz * std::f32::consts::TAU / 48_000.0).sin();
            let output = filtered(|n| tone(n) + 0.3, 96_000);
            let level = |x: &[f32]| (x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32).sqrt();
            let gain = level(&output[48_000..]) / (0.25 / 2.0_f32.sqrt());
            assert!((20.0 * gain.log10()).abs() < 0.12, "{hz} Hz: {gain}");
            let mean = output[48_000..].iter().sum::<f32>() / 48_000.0;
            assert!(mean.abs() < 1e-4, "{hz} Hz: {mean}");
        }
    }

    #[test]
    fn silence_after_a_constant_becomes_exact_within_half_a_second() {
        let output = filtered(|n| if n < 4_800.0 { 0.3 } else { 0.0 }, 48_000);
        assert!(output[28_800..].iter().all(|&x| x == 0.0));
    }
}
