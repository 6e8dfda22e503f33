//! Test signals, and measurements on audio. Pure functions.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use std::f64::consts::{PI, TAU};

/// A sweep of `seconds` from `from_hz` to `to_hz` under a Hann window: its
/// autocorrelation has one sharp peak, so delays can be measured with it.
#[must_use]
pub fn chirp(rate_hz: u32, seconds: f64, from_hz: f64, to_hz: f64) -> Vec<f32> {
    let rate = f64::from(rate_hz);
    let len = (rate * seconds) as usize;
    (0..len)
        .map(|n| {
            let t = n as f64 / rate;
            let phase = TAU * (from_hz * t + (to_hz - from_hz) * t * t / (2.0 * seconds));
            let window = 0.5 - 0.5 * (TAU * n as f64 / len as f64).cos();
            (0.5 * window * phase.sin()) as f32
        })
        .collect()
}

/// Uniform noise in -0.5..0.5, equal for equal seeds.
#[must_use]
pub fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..len).map(|_| random.unit() - 0.5).collect()
}

/// A sine of constant amplitude.
#[must_use]
pub fn tone(rate_hz: u32, hz: f64, amplitude: f64, len: usize) -> Vec<f32> {
    (0..len)
        .map(|n| (amplitude * (TAU * hz * n as f64 / f64::from(rate_hz)).sin()) as f32)
        .collect()
}

/// A small deterministic generator (SplitMix64), so that a failure repeats.
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In 0..1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// In 0..`below`.
    pub fn index(&mut self, below: usize) -> usize {
        (self.bits() % below as u64) as usize
    }
}

/// How many samples `output` is behind `input`: the peak of the
/// cross-correlation, and around it the slope of the cross-spectrum's phase,
/// which gives the fraction without the bias of a parabola.
#[must_use]
pub fn delay_of(input: &[f32], output: &[f32]) -> f64 {
    let size = (input.len() + output.len()).next_power_of_two();
    let (a, b) = (spectrum(input, size), spectrum(output, size));
    let mut cross: Vec<Complex<f64>> = a.iter().zip(&b).map(|(a, b)| b * a.conj()).collect();
    let kept = cross.clone();
    let mut correlation = vec![0.0; size];
    cross[0].im = 0.0;
    if let Some(last) = cross.last_mut() {
        last.im = 0.0;
    }
    let inverse = RealFftPlanner::<f64>::new().plan_fft_inverse(size);
    // Cannot fail: the lengths are the plan's, and the first and last bins are real.
    let _ = inverse.process(&mut cross, &mut correlation);
    let whole = (0..size)
        .max_by(|&x, &y| correlation[x].total_cmp(&correlation[y]))
        .unwrap_or(0);
    let (mut top, mut bottom) = (0.0, 0.0);
    for (bin, value) in kept.iter().enumerate() {
        let omega = TAU * bin as f64 / size as f64;
        let residual = (value * Complex::from_polar(1.0, omega * whole as f64)).arg();
        let weight = value.norm();
        top -= weight * omega * residual;
        bottom += weight * omega * omega;
    }
    let signed = if whole > size / 2 {
        whole as f64 - size as f64
    } else {
        whole as f64
    };
    signed + if bottom > 0.0 { top / bottom } else { 0.0 }
}

fn spectrum(signal: &[f32], size: usize) -> Vec<Complex<f64>> {
    let forward = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let mut padded: Vec<f64> = signal.iter().copied().map(f64::from).collect();
    padded.resize(size, 0.0);
    let mut bins = forward.make_output_vec();
    // Cannot fail: both lengths are the plan's.
    let _ = forward.process(&mut padded, &mut bins);
    bins
}

/// Sum of squares.
#[must_use]
pub fn energy(signal: &[f32]) -> f64 {
    signal.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
}

/// Root mean square.
#[must_use]
pub fn rms(signal: &[f32]) -> f64 {
    (energy(signal) / signal.len().max(1) as f64).sqrt()
}

/// The largest change from one sample to the next.
#[must_use]
pub fn worst_step(signal: &[f32]) -> f32 {
    signal
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

/// RMS of each whole `step` samples.
#[must_use]
pub fn envelope(signal: &[f32], step: usize) -> Vec<f32> {
    signal.chunks_exact(step).map(|piece| rms(piece) as f32).collect()
}

/// Pearson's correlation; 0 if one of the signals is constant.
#[must_use]
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let len = a.len().min(b.len());
    let mean = |x: &[f32]| x[..len].iter().map(|&v| f64::from(v)).sum::<f64>() / len.max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a[..len].iter().zip(&b[..len]) {
        let (x, y) = (f64::from(x) - mean_a, f64::from(y) - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if aa > 0.0 && bb > 0.0 {
        ab / (aa * bb).sqrt()
    } else {
        0.0
    }
}

/// Level in dB of every bin of every frame: Hann window of `size`, one frame
/// per `hop`; frame `i` is centred at sample `i * hop + size / 2`.
#[must_use]
pub fn spectrogram_db(signal: &[f32], size: usize, hop: usize) -> Vec<Vec<f32>> {
    let forward = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    let window: Vec<f32> = (0..size)
        .map(|n| (0.5 - 0.5 * (2.0 * PI * n as f64 / size as f64).cos()) as f32)
        .collect();
    let scale = 2.0 / window.iter().sum::<f32>();
    let mut bins = forward.make_output_vec();
    signal
        .windows(size)
        .step_by(hop)
        .map(|piece| {
            let mut frame: Vec<f32> = piece.iter().zip(&window).map(|(x, w)| x * w).collect();
            // Cannot fail: both lengths are the plan's.
            let _ = forward.process(&mut frame, &mut bins);
            bins.iter()
                .map(|bin| 20.0 * (bin.norm() * scale).max(1e-9).log10())
                .collect()
        })
        .collect()
}

/// Levels in dB of `bands` bands of equal width on the mel scale up to
/// `top_hz`, for every frame of a spectrogram of `rate_hz`.
#[must_use]
pub fn band_levels_db(spectrogram: &[Vec<f32>], rate_hz: u32, bands: usize, top_hz: f64) -> Vec<Vec<f32>> {
    let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
    let top = mel(top_hz);
    spectrogram
        .iter()
        .map(|frame| {
            let bin_hz = f64::from(rate_hz) / 2.0 / (frame.len() - 1) as f64;
            let mut sums = vec![(1e-12_f64, 0_u32); bands];
            for (bin, &level) in frame.iter().enumerate().skip(1) {
                let band = (mel(bin as f64 * bin_hz) / top * bands as f64) as usize;
                if let Some(sum) = sums.get_mut(band) {
                    sum.0 += 10_f64.powf(f64::from(level) / 10.0);
                    sum.1 += 1;
                }
            }
            sums.iter()
                .map(|(power, count)| 10.0 * (power / f64::from((*count).max(1))).log10() as f32)
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_of_0_to_4560_samples_are_measured_to_a_hundredth_of_a_sample() {
        let input = chirp(48_000, 0.2, 200.0, 6_000.0);
        for delay in [0, 1, 777, 4_560] {
            let mut output = vec![0.0; delay];
            output.extend(&input);
            output.extend([0.0; 500]);
            assert!((delay_of(&input, &output) - delay as f64).abs() < 1e-6, "{delay}");
            let between: Vec<f32> = output.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
            let half = delay as f64 - 0.5;
            assert!((delay_of(&input, &between) - half).abs() < 0.01, "{half}");
        }
    }

    #[test]
    fn full_scale_sine_has_a_level_of_0_db() {
        let sine = tone(48_000, 3_000.0, 1.0, 4_096);
        let frames = spectrogram_db(&sine, 1_024, 512);
        let loudest = frames[0].iter().copied().fold(f32::MIN, f32::max);
        assert!(loudest.abs() < 0.1, "{loudest}");
    }

    #[test]
    fn correlation_of_a_signal_with_itself_is_one() {
        let signal = noise(1, 1_000);
        assert!((correlation(&signal, &signal) - 1.0).abs() < 1e-9);
        assert_eq!(correlation(&signal, &[0.5; 1_000]), 0.0);
    }
}
