//! State kept from hop to hop: the 16 kHz window, the recent controls, and the
//! features that are given to the synthesizer again as context.

mod ahead;

use super::clipping::Clipping;
use super::gate::NoiseGate;
use super::suppression::Suppression;
use crate::controls::Controls;
use crate::dsp::dc_blocker::DcBlocker;
use crate::dsp::half_sample::HalfSample;
use crate::dsp::noise;
use crate::dsp::resample::{ResampleError, Slope, StreamResampler};
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, Geometry};
use crate::model::NOISE_CHANNELS;
use crate::units::ENCODER_RATE;
use std::collections::VecDeque;

/// Seed of all noise: fixed, so that two renders are equal.
const NOISE_SEED: u64 = 0x564F_584D_454C_4431;
/// The longest window of an encoder: 3 s and one field's tail.
const HISTORY_16K: usize = 48_000 + 80;

/// Length of the fade-in after a gap (5 ms): input that begins in the middle of a
/// wave would click.
const FADE_IN_16K: usize = 80;

/// The newest three seconds of input at 16 kHz: without its constant part, with noise suppressed if that is on, and
/// exactly silent where the gate is closed.
pub struct InputStage {
    dc_blocker: DcBlocker,
    clipping: Clipping,
    suppression: Option<Suppression>,
    /// Delay of the suppression in samples at 16 kHz.
    delay_16k: usize,
    gate: NoiseGate,
    tick_host: usize,
    filtered_host: Vec<f32>,
    /// At rates where the resampler is half a sample early.
    half_sample: Option<HalfSample>,
    aligned_host: Vec<f32>,
    resampler: StreamResampler,
    history_16k: Vec<f32>,
    new_16k: Vec<f32>,
    /// Samples of the 16 kHz stream so far, counted on the input timeline.
    end_16k: i64,
    /// Position in the fade-in after a gap.
    faded_16k: usize,
    /// Exactly zero samples up to now.
    silent_16k: usize,
}

impl InputStage {
    /// Filled with silence.
    ///
    /// # Errors
    /// If chunks at the host's rate are not a whole number of samples; [`Geometry`] accepts no such rate.
    pub fn new(geometry: &Geometry) -> Result<Self, ResampleError> {
        let suppression = match geometry.suppression_ms {
            0 => None,
            _ => Some(Suppression::new(geometry)?),
        };
        Ok(Self {
            dc_blocker: DcBlocker::new(f64::from(geometry.host_rate.0)),
            clipping: Clipping::default(),
            suppression,
            delay_16k: ENCODER_RATE.samples_in_ms(geometry.suppression_ms).unwrap_or(0),
            gate: NoiseGate::default(),
            tick_host: geometry.tick_host,
            filtered_host: Vec::with_capacity(geometry.hop_host),
            half_sample: geometry.adds_half_sample().then(HalfSample::default),
            aligned_host: Vec::with_capacity(geometry.hop_host),
            resampler: StreamResampler::new(
                geometry.host_rate,
                ENCODER_RATE,
                geometry.resample_chunk_ms,
                Slope::Steep,
            )?,
            history_16k: vec![0.0; HISTORY_16K],
            new_16k: Vec::with_capacity(geometry.hop_16k),
            end_16k: 0,
            faded_16k: FADE_IN_16K,
            silent_16k: HISTORY_16K,
        })
    }

    /// Clears all state and continues at a position of the 16 kHz timeline.
    pub fn restart(&mut self, at_16k: i64) {
        if at_16k == 0 {
            // After a gap the noise floor and the constant part are still valid.
            self.dc_blocker.reset();
            self.gate = NoiseGate::default();
        }
        self.clipping = Clipping::default();
        self.suppression.iter_mut().for_each(Suppression::reset);
        self.resampler.reset();
        self.half_sample.iter_mut().for_each(HalfSample::reset);
        self.history_16k.fill(0.0);
        self.end_16k = at_16k - i64::try_from(self.delay_16k).unwrap_or(0);
        self.silent_16k = HISTORY_16K;
        // At position 0 there is no earlier input that was cut off, so no fade-in.
        self.faded_16k = if at_16k == 0 { FADE_IN_16K } else { 0 };
    }

    /// Appends one hop, with its controls, one set per 10 ms.
    pub fn accept(&mut self, samples_host: &[f32], controls: &[Controls]) {
        self.new_16k.clear();
        self.clipping.accept(samples_host, self.tick_host);
        self.filtered_host.clear();
        let filtered = samples_host.iter().map(|&x| self.dc_blocker.next(x));
        self.filtered_host.extend(filtered);
        let aligned_host = match &mut self.half_sample {
            Some(half_sample) => {
                half_sample.process(&self.filtered_host, &mut self.aligned_host);
                &self.aligned_host
            }
            None => &self.filtered_host,
        };
        match &mut self.suppression {
            Some(suppression) => suppression.process(aligned_host, &mut self.new_16k),
            None => self.resampler.process(aligned_host, &mut self.new_16k),
        }
        self.fade_in();
        self.gate.process(&mut self.new_16k, |tick| {
            controls.get(tick).copied().unwrap_or_default().gate
        });
        let count = self.new_16k.len();
        self.silent_16k = match self.new_16k.iter().rev().position(|&sample| sample != 0.0) {
            Some(zeros) => zeros,
            None => self.silent_16k.saturating_add(count),
        };
        self.history_16k.copy_within(count.., 0);
        let start = self.history_16k.len() - count;
        self.history_16k[start..].copy_from_slice(&self.new_16k);
        self.end_16k += i64::try_from(count).unwrap_or(0);
    }

    /// Fades the input in after a gap.
    fn fade_in(&mut self) {
        for sample in self.new_16k.iter_mut().take(FADE_IN_16K - self.faded_16k) {
            #[expect(clippy::cast_precision_loss, reason = "at most 80")]
            let phase = self.faded_16k as f32 / FADE_IN_16K as f32 * std::f32::consts::FRAC_PI_2;
            *sample *= phase.sin().powi(2);
            self.faded_16k += 1;
        }
    }

    /// How far the input is clipped (0 to 1), at the beginning and at the end of the newest hop.
    #[must_use]
    pub fn clipping(&self) -> (f32, f32) {
        self.clipping.amounts()
    }

    /// The newest hop at 16 kHz.
    #[must_use]
    pub fn new_samples(&self) -> &[f32] {
        &self.new_16k
    }

    /// Length of the exact silence at the end of the stream. Input before a restart counts as silence.
    #[must_use]
    pub fn silent_16k(&self) -> usize {
        self.silent_16k
    }

    /// Number of embedding frames that have ended; frame `q` covers the
    /// samples `320 q - 80 .. 320 q + 240` of the 16 kHz stream.
    #[must_use]
    pub fn frames_ended(&self) -> i64 {
        self.end_16k / FRAME_STEP_16K.cast_signed() as i64
    }

    /// The newest `len` samples, without the newest `skip` ones.
    ///
    /// # Panics
    /// If that reaches further back than [`HISTORY_16K`].
    #[must_use]
    pub fn window(&self, len: usize, skip: usize) -> &[f32] {
        let end = self.history_16k.len() - skip;
        &self.history_16k[end - len..end]
    }
}

/// The longest encoder window in frames.
pub const MAX_WINDOW_FRAMES_50HZ: usize = (HISTORY_16K - 80) / FRAME_STEP_16K;

/// The controls of the recent past, one set per 10 ms of input.
#[derive(Default)]
pub struct ControlTrack {
    ticks: VecDeque<Controls>,
    /// Number of the first tick kept.
    first_tick: i64,
}

/// Ticks kept: more than the longest hop and its look-ahead.
const TRACK_TICKS: usize = 512;

impl ControlTrack {
    /// Drops all ticks; the next one has the number `first_tick`.
    pub fn restart(&mut self, first_tick: i64) {
        self.ticks.clear();
        self.first_tick = first_tick;
    }

    /// Appends the ticks of one hop.
    pub fn accept(&mut self, ticks: &[Controls]) {
        self.ticks.extend(ticks.iter().copied());
        let excess = self.ticks.len().saturating_sub(TRACK_TICKS);
        self.ticks.drain(..excess);
        self.first_tick += i64::try_from(excess).unwrap_or(0);
    }

    /// The controls at an embedding frame's middle, which falls into tick
    /// `2 q` at every rate (see `geometry`). Before the first tick: the first.
    #[must_use]
    pub fn at_frame(&self, frame: i64) -> Controls {
        let index = usize::try_from((2 * frame - self.first_tick).max(0)).unwrap_or(0);
        let last = self.ticks.len().saturating_sub(1);
        self.ticks.get(index.min(last)).copied().unwrap_or_default()
    }
}

/// Input of the synthesizer; reused so that its memory is allocated once.
#[derive(Default)]
pub struct SynthesizerFrames {
    /// Blended embeddings.
    pub embeddings_100hz: Frames,
    /// Shifted pitch.
    pub f0_hz: Vec<f32>,
    /// Factors by which the formants are shifted.
    pub formants: Vec<f32>,
    /// Noise.
    pub noise: Frames,
    /// Number of the speaker.
    pub speaker: usize,
}

impl SynthesizerFrames {
    /// Drops the oldest `count` frames of 10 ms.
    pub fn drop_front(&mut self, count: usize) {
        self.embeddings_100hz.drop_front(count);
        self.f0_hz.drain(..count);
        self.formants.drain(..count);
        self.noise.drop_front(count);
    }

    /// Drops all frames; the next ones are of the same sizes as those of `other`.
    pub fn clear(&mut self, other: &Self) {
        self.embeddings_100hz.clear(other.embeddings_100hz.dim());
        self.f0_hz.clear();
        self.formants.clear();
        self.noise.clear(NOISE_CHANNELS);
    }
}

/// Noise of a frame of 10 ms, the same in every window that has it.
pub fn fill_noise(frame_100hz: i64, row: &mut [f32]) {
    noise::fill_normal(NOISE_SEED, frame_100hz, row);
}

/// Features of the recent past. A frame is blended once, with its own ratio, and
/// later windows reuse the result.
pub struct FeatureCache {
    /// Blended embeddings, one per 10 ms.
    pub embeddings_100hz: Frames,
    /// Shifted pitch, one per 10 ms.
    pub f0_hz: Vec<f32>,
    /// Factors of the formants, one per 10 ms.
    formants: Vec<f32>,
    /// Noise, one row per 10 ms.
    pub noise: Frames,
    /// Number of the next 20 ms frame.
    pub next_frame: i64,
    /// What the next 20 ms frame will be like: two embeddings and pitches; empty if unknown.
    ahead: (Frames, Vec<f32>),
    noise_row: Vec<f32>,
}

impl FeatureCache {
    /// Empty.
    pub fn new(dim: usize) -> Self {
        Self {
            embeddings_100hz: Frames::new(dim),
            f0_hz: Vec::new(),
            formants: Vec::new(),
            noise: Frames::new(NOISE_CHANNELS),
            next_frame: 0,
            ahead: (Frames::new(dim), Vec::new()),
            noise_row: vec![0.0; NOISE_CHANNELS],
        }
    }

    /// Drops all frames; the next one has the number `next_frame`.
    pub fn restart(&mut self, next_frame: i64) {
        let dim = self.embeddings_100hz.dim();
        self.embeddings_100hz.clear(dim);
        self.f0_hz.clear();
        self.formants.clear();
        self.noise.clear(NOISE_CHANNELS);
        self.next_frame = next_frame;
        self.ahead.0.clear(dim);
        self.ahead.1.clear();
    }

    /// Appends a frame of 20 ms: the blended embeddings and the pitches of its
    /// two halves, and the factor of its formants.
    pub fn push(&mut self, embeddings: [&[f32]; 2], f0_hz: [f32; 2], formant: f32) {
        for embedding in embeddings {
            self.embeddings_100hz.push(embedding);
        }
        self.f0_hz.extend(f0_hz);
        self.formants.extend([formant; 2]);
        for half in 0..2 {
            fill_noise(2 * self.next_frame + half, &mut self.noise_row);
            self.noise.push(&self.noise_row);
        }
        self.next_frame += 1;
    }

    /// Writes the synthesizer's input: the `newest_100hz` newest frames, or as many
    /// as there are, then `held_100hz` repetitions of the newest one, with the noise
    /// of the frames that will follow it.
    pub fn fill_input(&self, newest_100hz: usize, held_100hz: usize, input: &mut SynthesizerFrames) {
        let first = self.f0_hz.len().saturating_sub(newest_100hz);
        input.f0_hz.clear();
        input.f0_hz.extend_from_slice(&self.f0_hz[first..]);
        input.formants.clear();
        input.formants.extend_from_slice(&self.formants[first..]);
        for (from, to) in [
            (&self.embeddings_100hz, &mut input.embeddings_100hz),
            (&self.noise, &mut input.noise),
        ] {
            to.clear(from.dim());
            from.rows().skip(first).for_each(|row| to.push(row));
        }
        let Some(newest) = self.f0_hz.len().checked_sub(1) else {
            return;
        };
        let mut row = [0.0; NOISE_CHANNELS];
        for frame in (2 * self.next_frame..).take(held_100hz) {
            input.embeddings_100hz.push(self.embeddings_100hz.row(newest));
            input.f0_hz.push(self.f0_hz[newest]);
            input.formants.push(self.formants[newest]);
            fill_noise(frame, &mut row);
            input.noise.push(&row);
        }
    }

    /// Factors of the formants of the newest frames.
    #[must_use]
    pub fn newest_formants(&self, newest_100hz: usize) -> &[f32] {
        &self.formants[self.formants.len().saturating_sub(newest_100hz)..]
    }

    /// Keeps the newest `frames` of 20 ms; where there are fewer (a window shorter than
    /// the synthesizer's context), the oldest is repeated, unvoiced.
    pub fn fit(&mut self, frames: usize) {
        let have = self.embeddings_100hz.len() / 2;
        if have > frames {
            self.embeddings_100hz.drop_front(2 * (have - frames));
            self.f0_hz.drain(..2 * (have - frames));
            self.formants.drain(..2 * (have - frames));
            self.noise.drop_front(2 * (have - frames));
        } else if have > 0 && have < frames {
            let missing = frames - have;
            let dim = self.embeddings_100hz.dim();
            let mut padded = Frames::new(dim);
            for _ in 0..2 * missing {
                padded.push(self.embeddings_100hz.row(0));
            }
            for row in self.embeddings_100hz.rows() {
                padded.push(row);
            }
            self.embeddings_100hz = padded;
            self.f0_hz.splice(0..0, std::iter::repeat_n(0.0, 2 * missing));
            let oldest = self.formants[0];
            self.formants
                .splice(0..0, std::iter::repeat_n(oldest, 2 * missing));
            let mut noise = Frames::new(NOISE_CHANNELS);
            noise.resize(2 * missing);
            for row in self.noise.rows() {
                noise.push(row);
            }
            self.noise = noise;
        }
    }
}
