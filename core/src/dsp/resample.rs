//! Fixed-rate streaming resampling with an exact, known delay.

use crate::units::SampleRate;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

/// A pair of rates that do not share whole chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audio at {from} Hz cannot be converted to {to} Hz in steps of {chunk_ms} ms")]
pub struct ResampleError {
    /// Input rate.
    pub from: u32,
    /// Output rate.
    pub to: u32,
    /// Step asked for.
    pub chunk_ms: u32,
}

/// The window of the filters. With 5 ms to live in, rubato's usual one (squared
/// Blackman-Harris) begins to fall at 5.5 kHz on the way to 16 kHz, half-way at
/// 6.6: the encoder would miss what it was trained on. This one stays whole to
/// 6.9 kHz, half-way at 7.4, with 74 dB against aliases.
const WINDOW: WindowFunction = WindowFunction::Blackman;

/// Streams mono audio from one rate to another, `chunk_ms` at a time.
///
/// The delay is half a chunk, whatever the rates; equal rates are filtered
/// too, so that the delay stays the same for every voice. Where a chunk has an
/// odd number of input samples (44.1 and 88.2 kHz), the filter's middle is the
/// sample before the half: there the delay is half an input sample shorter,
/// and whoever streams at such a rate adds [`super::half_sample`].
pub struct StreamResampler {
    fft: Fft<f32>,
    chunk_in: usize,
    chunk_out: usize,
}

impl StreamResampler {
    /// A resampler at rest.
    ///
    /// # Errors
    /// If `chunk_ms` is not a whole number of samples at both rates.
    pub fn new(from: SampleRate, to: SampleRate, chunk_ms: u32) -> Result<Self, ResampleError> {
        let error = ResampleError {
            from: from.0,
            to: to.0,
            chunk_ms,
        };
        let (Some(chunk_in), Some(chunk_out)) = (from.samples_in_ms(chunk_ms), to.samples_in_ms(chunk_ms))
        else {
            return Err(error);
        };
        let (from_hz, to_hz) = (from.0 as usize, to.0 as usize);
        let fft =
            Fft::new_custom(from_hz, to_hz, chunk_in, 1, 1, WINDOW, FixedSync::Both).map_err(|_| error)?;
        if fft.fft_size_in() != chunk_in || fft.fft_size_out() != chunk_out {
            return Err(error);
        }
        Ok(Self {
            fft,
            chunk_in,
            chunk_out,
        })
    }

    /// Converts whole chunks; appends to `output`.
    ///
    /// # Panics
    /// If `input` is not a whole number of chunks.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        assert!(input.len().is_multiple_of(self.chunk_in), "whole chunks");
        for chunk in input.chunks_exact(self.chunk_in) {
            let start = output.len();
            output.resize(start + self.chunk_out, 0.0);
            let source = SequentialSlice::new(chunk, 1, self.chunk_in);
            let target = SequentialSlice::new_mut(&mut output[start..], 1, self.chunk_out);
            // The sizes are those the resampler was made for, so neither the
            // adapters nor the resampler has anything to refuse.
            if let (Ok(source), Ok(mut target)) = (source, target) {
                let _ = self.fft.process_into_buffer(&source, &mut target, None);
            }
        }
    }

    /// Forgets all audio.
    pub fn reset(&mut self) {
        self.fft.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A band-limited pulse comes out half a chunk late, at the right sample.
    fn delay_samples(from: u32, to: u32, chunk_ms: u32) -> f64 {
        let mut resampler = StreamResampler::new(SampleRate(from), SampleRate(to), chunk_ms).expect("rates");
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
    fn delay_is_half_a_chunk() {
        for (from, to, chunk_ms) in [
            (48_000, 16_000, 5),
            (44_100, 16_000, 10),
            (24_000, 44_100, 10),
            (16_000, 192_000, 5),
            (48_000, 48_000, 5),
        ] {
            let chunk_in = from * chunk_ms / 1000;
            let expected = f64::from(chunk_in / 2) * f64::from(to) / f64::from(from);
            let delay = delay_samples(from, to, chunk_ms);
            assert!(
                (delay - expected).abs() < 0.02,
                "{from}->{to}: {delay}, expected {expected}"
            );
        }
    }

    #[test]
    fn rates_without_whole_chunks_are_refused() {
        assert!(StreamResampler::new(SampleRate(22_050), SampleRate(16_000), 5).is_err());
    }
}
