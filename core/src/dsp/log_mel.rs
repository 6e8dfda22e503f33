//! Logarithmic mel spectra as pitch trackers take them: 16 kHz, frames of 1024 samples under a Hann window, one every 160
//! samples, 128 bands. Bands are normalised by their area (Slaney's way, librosa's default).

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Bands of a spectrum.
pub const BANDS: usize = 128;
/// Samples from one spectrum to the next.
pub const STEP_16K: usize = 160;
/// Samples of a frame.
const FRAME_16K: usize = 1024;
const BINS: usize = FRAME_16K / 2 + 1;
const RATE_HZ: f64 = 16_000.0;
/// Smallest magnitude before the logarithm.
const FLOOR: f32 = 1e-5;

/// How spectra are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MelKind {
    /// RMVPE's: 30 Hz to 8 kHz on HTK's scale; spectrum `k` is centred at sample `160 k`.
    Rmvpe,
    /// FCPE's: 0 Hz to 8 kHz on Slaney's scale; spectrum `k` is centred at sample `160 k + 80`.
    Fcpe,
}

impl MelKind {
    /// The sample at which spectrum 0 is centred.
    #[must_use]
    pub fn first_centre_16k(self) -> usize {
        match self {
            Self::Rmvpe => 0,
            Self::Fcpe => STEP_16K / 2,
        }
    }

    fn lowest_hz(self) -> f64 {
        match self {
            Self::Rmvpe => 30.0,
            Self::Fcpe => 0.0,
        }
    }

    fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Rmvpe => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Fcpe if hz < 1000.0 => hz * 3.0 / 200.0,
            Self::Fcpe => 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4_f64.ln(),
        }
    }

    fn hz(self, mel: f64) -> f64 {
        match self {
            Self::Rmvpe => 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0),
            Self::Fcpe if mel < 15.0 => mel * 200.0 / 3.0,
            Self::Fcpe => 1000.0 * ((mel - 15.0) / 27.0 * 6.4_f64.ln()).exp(),
        }
    }
}

/// A band: its first bin, and the weights from there on.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

/// Makes spectra; its buffers are reused.
pub struct LogMel {
    kind: MelKind,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    magnitudes: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl LogMel {
    /// For one kind of spectra.
    #[must_use]
    pub fn new(kind: MelKind) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(FRAME_16K);
        Self {
            kind,
            window: (0..FRAME_16K).map(hann).collect(),
            bands: bands(kind),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            magnitudes: vec![0.0; BINS],
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Writes the spectra of audio at 16 kHz, one after the other, [`BANDS`] values each; returns how many there are. Both ends of
    /// the audio are mirrored.
    pub fn spectra(&mut self, audio_16k: &[f32], mel: &mut Vec<f32>) -> usize {
        mel.clear();
        let extra = usize::from(self.kind == MelKind::Rmvpe);
        let count = audio_16k.len() / STEP_16K + extra;
        for k in 0..count {
            let centre = k * STEP_16K + self.kind.first_centre_16k();
            for (n, (value, weight)) in self.frame.iter_mut().zip(&self.window).enumerate() {
                *value = mirrored(audio_16k, centre + n, FRAME_16K / 2) * weight;
            }
            // Fails only for buffers of other lengths.
            let _ = self
                .fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
            for (magnitude, bin) in self.magnitudes.iter_mut().zip(&self.spectrum) {
                *magnitude = bin.norm();
            }
            mel.extend(self.bands.iter().map(|band| {
                let bins = self.magnitudes[band.first..].iter().zip(&band.weights);
                let sum: f32 = bins.map(|(magnitude, weight)| magnitude * weight).sum();
                sum.max(FLOOR).ln()
            }));
        }
        count
    }
}

/// Sample `at - before`, mirrored at both ends.
fn mirrored(audio: &[f32], at: usize, before: usize) -> f32 {
    let last = audio.len().saturating_sub(1);
    let inside = at.abs_diff(before);
    let folded = if inside > last {
        (2 * last).saturating_sub(inside)
    } else {
        inside
    };
    audio.get(folded).copied().unwrap_or(0.0)
}

fn hann(n: usize) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let weight = (0.5 - 0.5 * (std::f64::consts::TAU * as_f64(n) / as_f64(FRAME_16K)).cos()) as f32;
    weight
}

/// Triangles between points that are evenly spaced in mel.
fn bands(kind: MelKind) -> Vec<Band> {
    let (low, high) = (kind.mel(kind.lowest_hz()), kind.mel(RATE_HZ / 2.0));
    let point = |n: usize| kind.hz(low + (high - low) * as_f64(n) / as_f64(BANDS + 1));
    (0..BANDS)
        .map(|band| {
            let (left, middle, right) = (point(band), point(band + 1), point(band + 2));
            let area = 2.0 / (right - left);
            let weight = |bin: usize| {
                let hz = as_f64(bin) * RATE_HZ / as_f64(FRAME_16K);
                ((hz - left) / (middle - left))
                    .min((right - hz) / (right - middle))
                    .max(0.0)
                    * area
            };
            let first = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
            let weights = (first..BINS).map(weight).take_while(|&weight| weight > 0.0);
            #[expect(clippy::cast_possible_truncation, reason = "weights below one")]
            let weights = weights.map(|weight| weight as f32).collect();
            Band { first, weights }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, len: usize) -> Vec<f32> {
        (0..len)
            .map(|n| (0.5 * (std::f64::consts::TAU * hz * n as f64 / RATE_HZ).sin()) as f32)
            .collect()
    }

    #[test]
    fn a_tone_is_loudest_in_the_band_around_it() {
        // Bands by the formulas of both scales, with a tone under a Hann window.
        for (kind, hz, expected) in [
            (MelKind::Rmvpe, 440.0, 22),
            (MelKind::Rmvpe, 3_000.0, 83),
            (MelKind::Fcpe, 440.0, 18),
            (MelKind::Fcpe, 3_000.0, 87),
        ] {
            let mut mel = Vec::new();
            let count = LogMel::new(kind).spectra(&tone(hz, 16_000), &mut mel);
            let middle = &mel[count / 2 * BANDS..][..BANDS];
            let loudest = (0..BANDS).max_by(|&a, &b| middle[a].total_cmp(&middle[b]));
            assert_eq!(loudest, Some(expected), "{kind:?}, {hz} Hz");
        }
    }

    #[test]
    fn silence_is_the_logarithm_of_the_floor_and_frames_come_every_160_samples() {
        for (kind, expected) in [(MelKind::Rmvpe, 11), (MelKind::Fcpe, 10)] {
            let mut mel = Vec::new();
            assert_eq!(LogMel::new(kind).spectra(&[0.0; 1_600], &mut mel), expected);
            assert_eq!(mel.len(), expected * BANDS);
            assert!(mel.iter().all(|value| (value + 11.512_925).abs() < 1e-5));
        }
    }

    #[test]
    fn both_ends_are_mirrored_without_repeating_the_last_sample() {
        let audio = [1.0, 2.0, 3.0, 4.0];
        let values: Vec<f32> = (0..10).map(|at| mirrored(&audio, at, 3)).collect();
        assert_eq!(values, [4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]);
    }
}
