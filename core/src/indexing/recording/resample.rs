//! From a recording's rate to another, block by block and without delay.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

/// Samples that the resampler takes at a time, about; rubato rounds it to what the two rates allow.
const CHUNK: usize = 1024;

/// Resamples one channel. Sample `n` of the output lies at the same time as sample `n * from / to` of the input, and the
/// output is as long as the input, rounded up to a whole sample.
pub struct Resampler {
    from_hz: u64,
    to_hz: u64,
    /// `None` where the rates are equal.
    fft: Option<Fft<f32>>,
    /// Input that does not fill a chunk yet.
    pending: Vec<f32>,
    /// Output of one chunk.
    chunk_out: Vec<f32>,
    /// Output samples to drop still: the filter's delay.
    delay_left: usize,
    samples_in: u64,
    samples_out: u64,
}

impl Resampler {
    /// `None` if there is no resampler for these rates.
    #[must_use]
    pub fn new(from_hz: u32, to_hz: u32) -> Option<Self> {
        let (from, to) = (usize::try_from(from_hz).ok()?, usize::try_from(to_hz).ok()?);
        if from == 0 || to == 0 {
            return None;
        }
        let fft = if from == to {
            None
        } else {
            Some(Fft::<f32>::new(from, to, CHUNK, 1, FixedSync::Both).ok()?)
        };
        Some(Self {
            from_hz: from_hz.into(),
            to_hz: to_hz.into(),
            delay_left: fft.as_ref().map_or(0, |fft| fft.output_delay()),
            chunk_out: vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())],
            fft,
            pending: Vec::new(),
            samples_in: 0,
            samples_out: 0,
        })
    }

    /// Takes input and appends what can be computed of it.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.samples_in += samples.len() as u64;
        if self.fft.is_none() {
            self.samples_out += samples.len() as u64;
            out.extend_from_slice(samples);
            return;
        }
        self.pending.extend_from_slice(samples);
        self.convert(u64::MAX, out);
    }

    /// Appends the rest of the output.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let wanted = (self.samples_in * self.to_hz).div_ceil(self.from_hz);
        while let Some(chunk) = self.fft.as_ref().map(|fft| fft.input_frames_next())
            && self.samples_out < wanted
        {
            // Silence behind the end carries the last samples out of the filter.
            self.pending
                .resize(self.pending.len().next_multiple_of(chunk).max(chunk), 0.0);
            self.convert(wanted, out);
        }
    }

    /// Converts the whole chunks of what is pending, up to `wanted` samples of output in all.
    fn convert(&mut self, wanted: u64, out: &mut Vec<f32>) {
        let Some(fft) = &mut self.fft else { return };
        let mut done = 0;
        loop {
            let chunk = fft.input_frames_next();
            if self.pending.len() - done < chunk {
                break;
            }
            let room = self.chunk_out.len();
            let written = SequentialSlice::new(&self.pending[done..done + chunk], 1, chunk)
                .ok()
                .zip(SequentialSlice::new_mut(&mut self.chunk_out, 1, room).ok())
                .and_then(|(source, mut target)| fft.process_into_buffer(&source, &mut target, None).ok())
                .map_or(0, |(_, written)| written);
            done += chunk;
            let dropped = self.delay_left.min(written);
            self.delay_left -= dropped;
            let left = usize::try_from(wanted - self.samples_out).unwrap_or(usize::MAX);
            let taken = (written - dropped).min(left);
            out.extend_from_slice(&self.chunk_out[dropped..dropped + taken]);
            self.samples_out += taken as u64;
        }
        self.pending.drain(..done);
    }
}
