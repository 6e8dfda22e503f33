//! A resampler for rates at which 5 ms are not a whole number of samples (44.1 kHz and others).
//!
//! A windowed sinc, evaluated at the exact time of each output sample. So its delay is
//! that of the FFT resampler at all rates: exactly half a chunk, including fractions of a sample.

use crate::units::SampleRate;

/// Streams mono audio between any two rates at which 10 ms are a whole number of samples.
pub struct SincResampler {
    /// Samples in 10 ms at both rates.
    tick_in: usize,
    tick_out: usize,
    /// Number of weights per output sample; the last tap is the newest input sample not after it.
    taps: usize,
    /// `taps` weights for each position that an output sample can have between two input samples.
    weights: Vec<f32>,
    /// The newest `taps - 1` samples of the input, then 10 ms of new ones.
    line: Vec<f32>,
}

impl SincResampler {
    /// With a delay of half of `chunk_ms` and silence in its past; `None` where 10 ms are not
    /// a whole number of samples at both rates.
    #[must_use]
    pub fn new(from: SampleRate, to: SampleRate, chunk_ms: u32) -> Option<Self> {
        let tick_in = from.samples_in_ms(10).filter(|&n| n > 0)?;
        let tick_out = to.samples_in_ms(10).filter(|&n| n > 0)?;
        let delay_in = f64::from(from.0) * f64::from(chunk_ms) / 2000.0;
        let taps = usize::try_from(u64::from(from.0) * u64::from(chunk_ms) / 1000).ok()? + 1;
        // Full width of a Blackman window's transition band: 5.5 divided by its length.
        let cutoff_hz = f64::from(from.0.min(to.0)) / 2.0 - 2750.0 / f64::from(chunk_ms);
        let cutoff = 2.0 * cutoff_hz / f64::from(from.0);
        let phases = tick_out / greatest_common_divisor(tick_in, tick_out);
        let mut weights = Vec::with_capacity(phases * taps);
        for phase in 0..phases {
            // Time of the output sample after the newest input sample, delayed by `delay_in`.
            let after = as_f64(phase * tick_in % tick_out) / as_f64(tick_out);
            let exact: Vec<f64> = (0..taps)
                .map(|tap| as_f64(tap) - as_f64(taps - 1) - after + delay_in)
                .map(|x| cutoff * sinc(cutoff * x) * blackman(x / delay_in))
                .collect();
            let sum: f64 = exact.iter().sum();
            #[expect(clippy::cast_possible_truncation, reason = "weights of at most one")]
            weights.extend(exact.iter().map(|weight| (weight / sum) as f32));
        }
        Some(Self {
            tick_in,
            tick_out,
            taps,
            weights,
            line: vec![0.0; taps - 1 + tick_in],
        })
    }

    /// Converts whole 10 ms; appends to `output`.
    ///
    /// # Panics
    /// If `input` is not whole 10 ms.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        assert!(input.len().is_multiple_of(self.tick_in), "whole 10 ms");
        let past = self.taps - 1;
        for tick in input.chunks_exact(self.tick_in) {
            self.line[past..].copy_from_slice(tick);
            let phases = self.weights.chunks_exact(self.taps).cycle();
            output.extend((0..self.tick_out).zip(phases).map(|(n, weights)| {
                let first = n * self.tick_in / self.tick_out;
                dot(&self.line[first..first + self.taps], weights)
            }));
            self.line.copy_within(self.tick_in.., 0);
        }
    }

    /// Clears all past audio.
    pub fn reset(&mut self) {
        self.line.fill(0.0);
    }
}

/// In eight sums, so that the processor can add several products at a time.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

fn sinc(x: f64) -> f64 {
    let x = std::f64::consts::PI * x;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// Blackman's window over -1..1, zero outside.
fn blackman(x: f64) -> f64 {
    if x.abs() >= 1.0 {
        return 0.0;
    }
    let turn = std::f64::consts::PI * x;
    0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos()
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[expect(clippy::cast_precision_loss, reason = "samples in 10 ms")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The output for a sine, and the sine at the exact delay.
    fn sine(from: u32, to: u32, chunk_ms: u32, hz: f64) -> (Vec<f32>, Vec<f64>) {
        let mut resampler = SincResampler::new(SampleRate(from), SampleRate(to), chunk_ms).expect("rates");
        let wave = |seconds: f64| (std::f64::consts::TAU * hz * seconds).sin();
        let input: Vec<f32> = (0..from / 5)
            .map(|n| wave(f64::from(n) / f64::from(from)) as f32)
            .collect();
        let mut output = Vec::new();
        for tick in input.chunks(usize::try_from(from / 50).expect("small")) {
            resampler.process(tick, &mut output);
        }
        let delay = f64::from(chunk_ms) / 2000.0;
        let expected = (0..to / 5)
            .map(|n| wave(f64::from(n) / f64::from(to) - delay))
            .collect();
        (output, expected)
    }

    #[test]
    fn tones_come_out_half_a_chunk_late_between_all_rates() {
        for (from, to, chunk_ms) in [
            (44_100, 48_000, 5),
            (44_100, 44_100, 10),
            (22_100, 96_000, 5),
            (8_100, 48_000, 5),
            (95_900, 44_100, 10),
            (32_300, 192_000, 5),
        ] {
            for hz in [110.0, 997.0, 2_500.0] {
                let (output, expected) = sine(from, to, chunk_ms, hz);
                assert_eq!(output.len(), expected.len());
                let settled = output.len() / 10;
                for (n, (&got, &wanted)) in output.iter().zip(&expected).enumerate().skip(settled) {
                    assert!(
                        (f64::from(got) - wanted).abs() < 2e-4,
                        "{from} to {to}, {hz} Hz, sample {n}: {got}, expected {wanted}"
                    );
                }
            }
        }
    }

    #[test]
    fn tones_above_the_lower_rates_half_are_removed() {
        let (output, _) = sine(95_900, 44_100, 10, 30_000.0);
        assert!(output[2_000..].iter().all(|x| x.abs() < 1e-3));
    }

    #[test]
    fn rates_without_whole_10_ms_have_no_resampler() {
        assert!(SincResampler::new(SampleRate(22_050), SampleRate(48_000), 5).is_none());
    }
}
