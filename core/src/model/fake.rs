//! Deterministic models without files: for tests, for latency measurements, and to
//! measure what the engine itself does to a signal.

use super::{
    Encoder, ModelError, NOISE_CHANNELS, PitchTracker, SynthesisInput, Synthesizer, Voice, VoiceLayout,
};
use crate::frames::Frames;
use crate::geometry::FRAME_STEP_16K;
use crate::units::{ENCODER_RATE, SampleRate};

/// An encoder whose embedding is the audio itself: the 320 samples of its
/// 20 ms, and the 320 that follow (zeros at the end of a window).
pub struct PassThroughEncoder;

/// Values of a pass-through embedding.
pub const PASS_THROUGH_DIM: usize = 2 * FRAME_STEP_16K;

impl Encoder for PassThroughEncoder {
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        embeddings.clear(PASS_THROUGH_DIM);
        let mut row = [0.0; PASS_THROUGH_DIM];
        for start in (0..=audio_16k.len().saturating_sub(FRAME_STEP_16K)).step_by(FRAME_STEP_16K) {
            let end = audio_16k.len().min(start + PASS_THROUGH_DIM);
            row.fill(0.0);
            row[..end - start].copy_from_slice(&audio_16k[start..end]);
            embeddings.push(&row);
        }
        Ok(())
    }
}

/// The inverse of [`PassThroughEncoder`]: returns the samples, at 16 kHz. Held frames use the
/// look-ahead in the embedding, so that joins change nothing.
pub struct PassThroughSynthesizer;

impl Synthesizer for PassThroughSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        ENCODER_RATE
    }

    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        let half = FRAME_STEP_16K / 2;
        let known = input.embeddings_100hz.len() - input.held_100hz;
        for (frame, row) in input.embeddings_100hz.rows().enumerate().skip(input.skip_100hz) {
            let ahead = if frame < known { 0 } else { FRAME_STEP_16K };
            let start = frame % 2 * half + ahead;
            audio.extend_from_slice(&row[start..start + half]);
        }
        Ok(())
    }
}

/// A pitch tracker with a constant result.
pub struct ConstantPitch(pub f32);

impl PitchTracker for ConstantPitch {
    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
        f0_hz.clear();
        f0_hz.resize(audio_16k.len() / 160, self.0);
        Ok(())
    }
}

/// An encoder of `dim` values, all equal to the level of each 20 ms: the output depends on
/// the input, but no audio passes through.
pub struct LevelEncoder(pub usize);

impl Encoder for LevelEncoder {
    fn dim(&self) -> usize {
        self.0
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        embeddings.clear(self.0);
        let mut row = vec![0.0; self.0];
        for frame in audio_16k.chunks_exact(FRAME_STEP_16K) {
            let energy: f32 = frame.iter().map(|x| x * x).sum();
            row.fill((energy / 320.0).sqrt());
            embeddings.push(&row);
        }
        Ok(())
    }
}

/// A synthesizer that outputs its noise input at the level in the embedding: two runs are
/// equal only if that noise is.
pub struct NoiseSynthesizer {
    /// Values per embedding.
    pub dim: usize,
    /// Rate of the audio.
    pub rate: SampleRate,
}

impl Synthesizer for NoiseSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        let per_frame = self.rate.samples_in_ms(10).unwrap_or(0);
        let frames = input.embeddings_100hz.rows().zip(input.noise.rows());
        for (row, noise) in frames.skip(input.skip_100hz) {
            audio.extend((0..per_frame).map(|n| noise[n % NOISE_CHANNELS] * row[0] * 0.5));
        }
        Ok(())
    }
}

/// A voice that returns its input: for latency and alignment.
#[must_use]
pub fn pass_through_voice() -> Voice {
    Voice {
        name: "pass-through".into(),
        encoder: Box::new(PassThroughEncoder),
        pitch: Box::new(ConstantPitch(0.0)),
        synthesizer: Box::new(PassThroughSynthesizer),
        targets: Vec::new(),
        layout: VoiceLayout {
            window_frames_50hz: 8,
            context_frames_100hz: 4,
            ..VoiceLayout::default()
        },
    }
}

/// A voice of noise that follows the input's level.
#[must_use]
pub fn noise_voice() -> Voice {
    Voice {
        name: "noise".into(),
        encoder: Box::new(LevelEncoder(16)),
        pitch: Box::new(ConstantPitch(120.0)),
        synthesizer: Box::new(NoiseSynthesizer {
            dim: 16,
            rate: SampleRate(24_000),
        }),
        targets: Vec::new(),
        layout: VoiceLayout {
            window_frames_50hz: 12,
            context_frames_100hz: 8,
            ..VoiceLayout::default()
        },
    }
}
