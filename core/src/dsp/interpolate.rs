//! Band-limited interpolation between samples: a windowed sinc, tabulated.

use std::f64::consts::PI;

/// Samples of the signal on either side of the interpolated one. In a stream this is also the delay in
/// samples.
pub const HALF: usize = 32;
/// Number of samples that contribute to one value.
pub const TAPS: usize = 2 * HALF;
/// Number of tabulated positions between two samples; between these the table is interpolated linearly, with an error
/// of -90 dB.
const PHASES: usize = 256;
/// Shape of the Kaiser window: stop-band attenuation of 76 dB.
const KAISER_BETA: f64 = 7.5;
/// Half the width of the transition band, in cycles per sample.
pub const HALF_TRANSITION: f64 = 0.037;
/// Number of partial sums, so that the compiler can vectorise them.
const LANES: usize = 8;

/// A table of filters, one for each position between two samples.
pub struct SincTable {
    rows: Vec<[f32; TAPS]>,
}

impl SincTable {
    /// Passes frequencies up to `cutoff` cycles per sample (0.5 = Nyquist), where the gain is one half.
    #[must_use]
    pub fn new(cutoff: f64) -> Self {
        let rows = (0..=PHASES).map(|phase| row(as_f64(phase) / as_f64(PHASES), cutoff));
        Self { rows: rows.collect() }
    }

    /// The signal's value at `fraction` (0..=1) of the way from sample [`HALF`]` - 1` of `around` to sample [`HALF`].
    #[must_use]
    pub fn at(&self, around: &[f32; TAPS], fraction: f64) -> f32 {
        let place = fraction.clamp(0.0, 1.0) * as_f64(PHASES);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of phases"
        )]
        let phase = (place as usize).min(PHASES - 1);
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
        let part = (place - as_f64(phase)) as f32;
        let (left, right) = (&self.rows[phase], &self.rows[phase + 1]);
        let mut sums = [0.0_f32; LANES];
        let rows = left.chunks_exact(LANES).zip(right.chunks_exact(LANES));
        for (around, (left, right)) in around.chunks_exact(LANES).zip(rows) {
            let taps = left
                .iter()
                .zip(right)
                .map(|(left, right)| left + (right - left) * part);
            for (sum, (sample, tap)) in sums.iter_mut().zip(around.iter().zip(taps)) {
                *sum += sample * tap;
            }
        }
        sums.iter().sum()
    }
}

/// The filter for a value at `fraction` behind tap [`HALF`]` - 1`, with unity gain for slow signals.
fn row(fraction: f64, cutoff: f64) -> [f32; TAPS] {
    let mut taps = [0.0; TAPS];
    for (n, tap) in taps.iter_mut().enumerate() {
        let x = as_f64(n) - as_f64(HALF - 1) - fraction;
        let inside = (1.0 - (x / as_f64(HALF)).powi(2)).max(0.0);
        *tap = sinc(2.0 * cutoff * x) * bessel_i0(KAISER_BETA * inside.sqrt());
    }
    let sum: f64 = taps.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "coefficients of about one")]
    let taps = taps.map(|tap| (tap / sum) as f32);
    taps
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// The modified Bessel function of order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..40 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

fn as_f64(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    let value = n as f64;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_up_to_four_fifths_of_nyquist_are_interpolated_to_a_ten_thousandth() {
        let table = SincTable::new(0.5 - HALF_TRANSITION);
        for cycles in [0.0, 0.01, 0.1, 0.25, 0.4] {
            let tone = |t: f64| (2.0 * PI * cycles * t + 0.7).cos();
            for step in 0..=100 {
                let fraction = f64::from(step) / 100.0;
                let around = std::array::from_fn(|n| tone(n as f64) as f32);
                let expected = tone((HALF - 1) as f64 + fraction);
                let value = f64::from(table.at(&around, fraction));
                assert!(
                    (value - expected).abs() < 1e-4,
                    "{cycles}, {fraction}: {value}, {expected}"
                );
            }
        }
    }
}
