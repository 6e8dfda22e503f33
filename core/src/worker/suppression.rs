//! Noise suppression before the encoder: RNNoise, from the crate `nnnoiseless`.
//!
//! It works at 48 kHz in frames of 10 ms and delays by one frame. With the conversion to 48 kHz before it (which has the delay of
//! the conversion to 16 kHz that it replaces), the conversion to 16 kHz after it (2.5 ms) and a delay of 7.5 ms, the input is delayed by
//! exactly one embedding frame (20 ms) at every rate, so that frames keep their positions.

use crate::dsp::resample::{ResampleError, Slope, StreamResampler};
use crate::geometry::Geometry;
use crate::units::{ENCODER_RATE, SampleRate};
use nnnoiseless::DenoiseState;

/// RNNoise's rate.
const RATE: SampleRate = SampleRate(48_000);
/// Chunk of the conversion to 16 kHz.
const CHUNK_MS: u32 = 5;
/// Delay that completes one embedding frame (7.5 ms).
const PAD_16K: usize = 120;
/// RNNoise expects samples in the range of 16-bit integers.
const FULL_SCALE: f32 = 32_768.0;

/// The state of one stream.
pub struct Suppression {
    to_48k: StreamResampler,
    to_16k: StreamResampler,
    denoise: Box<DenoiseState<'static>>,
    noisy_48k: Vec<f32>,
    clean_48k: Vec<f32>,
    /// The delayed samples.
    pad_16k: Vec<f32>,
}

impl Suppression {
    /// With silence in its past.
    ///
    /// # Errors
    /// If chunks at the stream's rate are not a whole number of samples; [`Geometry`] accepts no such rate.
    pub fn new(geometry: &Geometry) -> Result<Self, ResampleError> {
        let chunk_ms = geometry.resample_chunk_ms;
        Ok(Self {
            to_48k: StreamResampler::new(geometry.host_rate, RATE, chunk_ms, Slope::Steep)?,
            to_16k: StreamResampler::new(RATE, ENCODER_RATE, CHUNK_MS, Slope::Steep)?,
            denoise: DenoiseState::new(),
            noisy_48k: Vec::new(),
            clean_48k: Vec::new(),
            pad_16k: vec![0.0; PAD_16K],
        })
    }

    /// Clears all past audio.
    pub fn reset(&mut self) {
        self.to_48k.reset();
        self.to_16k.reset();
        self.denoise = DenoiseState::new();
        self.pad_16k.clear();
        self.pad_16k.resize(PAD_16K, 0.0);
    }

    /// Suppresses the noise of one hop; appends to `output_16k`.
    pub fn process(&mut self, hop_host: &[f32], output_16k: &mut Vec<f32>) {
        self.noisy_48k.clear();
        self.to_48k.process(hop_host, &mut self.noisy_48k);
        self.noisy_48k.iter_mut().for_each(|x| *x *= FULL_SCALE);
        self.clean_48k.clear();
        self.clean_48k.resize(self.noisy_48k.len(), 0.0);
        let frames = self.clean_48k.chunks_exact_mut(DenoiseState::FRAME_SIZE);
        for (clean, noisy) in frames.zip(self.noisy_48k.chunks_exact(DenoiseState::FRAME_SIZE)) {
            self.denoise.process_frame(clean, noisy);
        }
        self.clean_48k.iter_mut().for_each(|x| *x /= FULL_SCALE);
        let whole = self.pad_16k.len();
        self.to_16k.process(&self.clean_48k, &mut self.pad_16k);
        let count = self.pad_16k.len() - whole;
        output_16k.extend(self.pad_16k.drain(..count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Hop;

    /// Vowels of a quarter of a second each, with pitch rising from 150 Hz, so that a delay by one period does not fit.
    fn speech(rate_hz: f64, len: usize) -> Vec<f32> {
        (0..len)
            .map(|n| {
                let t = n as f64 / rate_hz;
                let envelope = (std::f64::consts::TAU * 2.0 * t).sin().max(0.0);
                let phase = std::f64::consts::TAU * (150.0 * t + 15.0 * t * t);
                let tones = (1..=12).map(|k| (f64::from(k) * phase).sin() / f64::from(k));
                (0.2 * envelope * tones.sum::<f64>()) as f32
            })
            .collect()
    }

    #[test]
    fn voiced_sound_comes_one_embedding_frame_later_at_every_rate() {
        for rate_hz in [8_000.0, 16_000.0, 44_100.0, 48_000.0, 88_200.0, 192_000.0] {
            let geometry = Geometry::new(rate_hz, Hop::Ms20, 512).expect("a supported set-up");
            let mut suppression = Suppression::new(&geometry).expect("rates that fit");
            let input = speech(rate_hz, geometry.hop_host * 150);
            let (mut with, mut without) = (Vec::new(), Vec::new());
            let mut plain = StreamResampler::new(
                geometry.host_rate,
                ENCODER_RATE,
                geometry.resample_chunk_ms,
                Slope::Steep,
            )
            .expect("rates that fit");
            for hop in input.chunks_exact(geometry.hop_host) {
                suppression.process(hop, &mut with);
                plain.process(hop, &mut without);
            }
            assert_eq!(with.len(), without.len());
            let score = |delay: usize| -> f32 {
                let pairs = with[delay..].iter().zip(&without);
                pairs.map(|(a, b)| a * b).sum()
            };
            let best = (0..800).max_by(|&a, &b| score(a).total_cmp(&score(b)));
            assert!(
                best.is_some_and(|best| best.abs_diff(320) <= 1),
                "{rate_hz} Hz: {best:?}"
            );
        }
    }

    #[test]
    fn noise_suppression_adds_exactly_20_ms_at_every_rate() {
        for (rate, samples) in [
            (48_000.0, 960),
            (44_100.0, 882),
            (88_200.0, 1_764),
            (8_000.0, 160),
        ] {
            let plain = Geometry::new(rate, Hop::Ms20, 480).expect("a supported set-up");
            let with = plain.clone().with_noise_suppression(true);
            assert_eq!(
                with.latency_samples() - plain.latency_samples(),
                samples,
                "{rate} Hz"
            );
        }
    }

    #[test]
    fn steady_noise_is_quieter_than_without() {
        let geometry = Geometry::new(48_000.0, Hop::Ms20, 512).expect("a supported set-up");
        let mut suppression = Suppression::new(&geometry).expect("rates that fit");
        let mut plain =
            StreamResampler::new(geometry.host_rate, ENCODER_RATE, 5, Slope::Steep).expect("rates that fit");
        let mut random = 1_u64;
        let mut next = || {
            random = crate::dsp::noise::mix(random);
            0.03 * ((random >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
        };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..600 {
            let hop: Vec<f32> = (0..960).map(|_| next()).collect();
            suppression.process(&hop, &mut with);
            plain.process(&hop, &mut without);
        }
        let level = |x: &[f32]| 10.0 * (x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32).log10();
        let gain = level(&with[128_000..]) - level(&without[128_000..]);
        assert!(gain < -3.0, "{gain} dB");
    }
}
