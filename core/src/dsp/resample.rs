//! Fixed-rate streaming resampling with an exact, known delay.

use super::sinc::SincResampler;
use crate::units::SampleRate;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

/// A pair of rates at which the chunk is not a whole number of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audio at {from} Hz cannot be converted to {to} Hz in steps of {chunk_ms} ms")]
pub struct ResampleError {
    /// Input rate.
    pub from: u32,
    /// Output rate.
    pub to: u32,
    /// Chunk length.
    pub chunk_ms: u32,
}

/// How steep a resampler's filter is; its delay is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// rubato's default window: least ringing at sudden starts and ends. With 5 ms
    /// chunks, -6 dB at 83 % of the lower Nyquist frequency.
    Gentle,
    /// -6 dB at 92 % of it, 74 dB alias suppression. For the input of models: at 16 kHz
    /// the gentle filter begins to fall at 5.5 kHz, within the band that encoders were
    /// trained on.
    Steep,
}

/// Streams mono audio from one rate to another, `chunk_ms` at a time.
///
/// The delay is half a chunk at all rates; equal rates are filtered too, so that the
/// delay is the same for every voice. Where a chunk has an odd number of input samples
/// (44.1 and 88.2 kHz), the delay of [`Self::new`] is half an input sample shorter; the caller
/// then adds [`super::half_sample`]. The delay of [`Self::exact`] is half a chunk at all rates.
pub struct StreamResampler {
    method: Method,
}

enum Method {
    Fft(Box<FftChunks>),
    Sinc(SincResampler),
}

/// rubato's resampler with fixed lengths.
struct FftChunks {
    fft: Fft<f32>,
    chunk_in: usize,
    chunk_out: usize,
}

impl StreamResampler {
    /// A resampler with silence in its past.
    ///
    /// # Errors
    /// If `chunk_ms` is not a whole number of samples at both rates.
    pub fn new(from: SampleRate, to: SampleRate, chunk_ms: u32, slope: Slope) -> Result<Self, ResampleError> {
        let error = ResampleError {
            from: from.0,
            to: to.0,
            chunk_ms,
        };
        let (Some(chunk_in), Some(chunk_out)) = (from.samples_in_ms(chunk_ms), to.samples_in_ms(chunk_ms))
        else {
            return Err(error);
        };
        let window = match slope {
            Slope::Gentle => WindowFunction::BlackmanHarris2,
            Slope::Steep => WindowFunction::Blackman,
        };
        let (from_hz, to_hz) = (from.0 as usize, to.0 as usize);
        let fft =
            Fft::new_custom(from_hz, to_hz, chunk_in, 1, 1, window, FixedSync::Both).map_err(|_| error)?;
        if fft.fft_size_in() != chunk_in || fft.fft_size_out() != chunk_out {
            return Err(error);
        }
        Ok(Self {
            method: Method::Fft(Box::new(FftChunks {
                fft,
                chunk_in,
                chunk_out,
            })),
        })
    }

    /// A resampler for the output of a voice at any rate at which 10 ms are a whole number of samples: the gentle
    /// one of [`Self::new`] if its delay is exact, else a sinc with the same delay.
    ///
    /// # Errors
    /// If 10 ms are not a whole number of samples at both rates.
    pub fn exact(from: SampleRate, to: SampleRate, chunk_ms: u32) -> Result<Self, ResampleError> {
        let chunk_in = from.samples_in_ms(chunk_ms);
        if chunk_in.is_some_and(|len| len.is_multiple_of(2))
            && let Ok(resampler) = Self::new(from, to, chunk_ms, Slope::Gentle)
        {
            return Ok(resampler);
        }
        let sinc = SincResampler::new(from, to, chunk_ms).ok_or(ResampleError {
            from: from.0,
            to: to.0,
            chunk_ms,
        })?;
        Ok(Self {
            method: Method::Sinc(sinc),
        })
    }

    /// Converts whole chunks (after [`Self::exact`] whole 10 ms); appends to `output`.
    ///
    /// # Panics
    /// If `input` is not a whole number of chunks.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        match &mut self.method {
            Method::Fft(chunks) => chunks.process(input, output),
            Method::Sinc(sinc) => sinc.process(input, output),
        }
    }

    /// Clears all past audio.
    pub fn reset(&mut self) {
        match &mut self.method {
            Method::Fft(chunks) => chunks.fft.reset(),
            Method::Sinc(sinc) => sinc.reset(),
        }
    }
}

impl FftChunks {
    fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        assert!(input.len().is_multiple_of(self.chunk_in), "whole chunks");
        for chunk in input.chunks_exact(self.chunk_in) {
            let start = output.len();
            output.resize(start + self.chunk_out, 0.0);
            let source = SequentialSlice::new(chunk, 1, self.chunk_in);
            let target = SequentialSlice::new_mut(&mut output[start..], 1, self.chunk_out);
            // The sizes are those the resampler was made for, so neither call fails.
            if let (Ok(source), Ok(mut target)) = (source, target) {
                let _ = self.fft.process_into_buffer(&source, &mut target, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::ENCODER_RATE;

    /// Measured delay of a band-limited pulse, in output samples.
    fn delay_samples(from: u32, to: u32, chunk_ms: u32, slope: Slope) -> f64 {
        let (from_rate, to_rate) = (SampleRate(from), SampleRate(to));
        let mut resampler = StreamResampler::new(from_rate, to_rate, chunk_ms, slope).expect("rates");
        let centre = f64::from(from) * 0.1;
        let input: Vec<f32> = (0..from / 5)
            .map(|n| {
                let t = (f64::from(n) - centre) / f64::from(from) * 2000.0;
                (-t * t).exp() as f32
            })
            .collect();
        let mut output = Vec::new();
        resampler.process(&input, &mut output);
        let (sum, weighted) = output
            .iter()
            .enumerate()
            .fold((0.0, 0.0), |(sum, weighted), (n, &x)| {
                let p = f64::from(x) * f64::from(x);
                (sum + p, weighted + p * n as f64)
            });
        weighted / sum - 0.1 * f64::from(to)
    }

    #[test]
    fn pulses_are_delayed_by_half_a_chunk_at_all_rates() {
        for (from, to, chunk_ms, slope) in [
            (48_000, 16_000, 5, Slope::Steep),
            (44_100, 16_000, 10, Slope::Steep),
            (24_000, 44_100, 10, Slope::Gentle),
            (16_000, 192_000, 5, Slope::Gentle),
            (48_000, 48_000, 5, Slope::Gentle),
        ] {
            let chunk_in = from * chunk_ms / 1000;
            let expected = f64::from(chunk_in / 2) * f64::from(to) / f64::from(from);
            let delay = delay_samples(from, to, chunk_ms, slope);
            assert!(
                (delay - expected).abs() < 0.02,
                "{from}->{to}: {delay}, expected {expected}"
            );
        }
    }

    #[test]
    fn exact_resamplers_of_all_voice_rates_have_the_same_delay() {
        for from in [8_000, 11_100, 22_100, 32_000, 44_100, 48_000, 95_900] {
            let delay = |to: u32, chunk_ms: u32| {
                let mut resampler =
                    StreamResampler::exact(SampleRate(from), SampleRate(to), chunk_ms).expect("rates");
                let tick = (from / 100) as usize;
                let input: Vec<f32> = (0..20 * tick)
                    .map(|n| {
                        let t = (n as f64 / f64::from(from) - 0.1) * 1500.0;
                        (-t * t).exp() as f32
                    })
                    .collect();
                let mut output = Vec::new();
                resampler.process(&input, &mut output);
                let energy: f64 = output.iter().map(|&x| f64::from(x * x)).sum();
                let centre: f64 = output
                    .iter()
                    .enumerate()
                    .map(|(n, &x)| n as f64 * f64::from(x * x))
                    .sum();
                centre / energy / f64::from(to) - 0.1
            };
            for (to, chunk_ms) in [(48_000, 5), (44_100, 10)] {
                let ms = 1000.0 * delay(to, chunk_ms);
                assert!(
                    (ms - f64::from(chunk_ms) / 2.0).abs() < 2e-3,
                    "{from} to {to}: {ms} ms"
                );
            }
        }
    }

    #[test]
    fn steep_filter_to_16_khz_passes_7_khz_and_stops_9_khz() {
        let mut resampler =
            StreamResampler::new(SampleRate(48_000), ENCODER_RATE, 5, Slope::Steep).expect("rates");
        let level = |signal: &[f32]| (signal.iter().map(|x| x * x).sum::<f32>() / signal.len() as f32).sqrt();
        for (hertz, min, max) in [(1_000.0, 0.99, 1.01), (7_000.0, 0.85, 1.01), (9_000.0, 0.0, 0.01)] {
            let tone: Vec<f32> = (0..24_000)
                .map(|n| (n as f32 * hertz * std::f32::consts::TAU / 48_000.0).sin())
                .collect();
            let mut output = Vec::new();
            resampler.process(&tone, &mut output);
            let gain = level(&output[400..]) / level(&tone);
            assert!((min..=max).contains(&gain), "{hertz} Hz: {gain}");
        }
    }

    #[test]
    fn rates_without_whole_chunks_are_rejected() {
        assert!(StreamResampler::new(SampleRate(22_050), SampleRate(16_000), 5, Slope::Steep).is_err());
    }
}
