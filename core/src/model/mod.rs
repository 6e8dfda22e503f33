//! The models, behind three small seams, and the [`Voice`] that holds them.
//!
//! Thread: built on the loader, used on the worker. Each seam is called once
//! a hop and has a real implementation in [`onnx`], and a deterministic one for
//! tests in `fake` (feature `fakes`), which no build for users holds.

#[cfg(any(test, feature = "fakes"))]
pub mod fake;
pub mod onnx;
mod voice;

pub use voice::{Voice, VoiceError, VoiceLayout};

use crate::frames::Frames;
use crate::units::SampleRate;

/// Channels of the noise that an RVC synthesizer takes, per 10 ms frame.
pub const NOISE_CHANNELS: usize = 192;

/// A model that failed while running; that hop is silence.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// ONNX Runtime reported an error.
    #[error("the {model} stopped with an error: {why}")]
    Backend {
        /// Which model, in words.
        model: &'static str,
        /// The runtime's own text.
        why: String,
    },
    /// The output has another size than the interface says.
    #[error("the {model} gave {got} values where {expected} were expected")]
    Shape {
        /// Which model, in words.
        model: &'static str,
        /// What was expected.
        expected: usize,
        /// What came.
        got: usize,
    },
}

/// Content encoder: 16 kHz audio to embeddings, 50 frames a second.
pub trait Encoder: Send {
    /// Values per embedding.
    fn dim(&self) -> usize;
    /// True if the same audio gives the same embeddings.
    fn is_reproducible(&self) -> bool {
        true
    }
    /// Encodes `320 n + 80` samples to `n` frames; frame `i` stands for the
    /// samples `320 i .. 320 i + 320`. `embeddings` is overwritten. Nothing
    /// came before the first sample.
    ///
    /// # Errors
    /// See [`ModelError`].
    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError>;
    /// True if [`Encoder::encode_streaming`] knows what came before, so that a stream
    /// needs no window of the past.
    fn is_stateful(&self) -> bool {
        false
    }
    /// As [`Encoder::encode`], but `audio_16k` follows what the call before
    /// was given. It begins with the last frame of that, which is encoded
    /// again, now that what comes after it is known.
    ///
    /// # Errors
    /// See [`ModelError`]; what was remembered is then lost, and the next call
    /// must be one of [`Encoder::encode`].
    fn encode_streaming(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        self.encode(audio_16k, embeddings)
    }
}

/// Pitch tracker: 16 kHz audio to f0, 100 frames a second.
pub trait PitchTracker: Send {
    /// One f0 in Hz per whole 160 samples, for their middle; 0 = unvoiced.
    /// `f0_hz` is overwritten.
    ///
    /// # Errors
    /// See [`ModelError`].
    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError>;
}

/// What a synthesizer makes audio of: `T` frames of 10 ms.
#[derive(Clone, Copy, Debug)]
pub struct SynthesisInput<'a> {
    /// `T` embeddings (each one of the encoder's twice).
    pub embeddings_100hz: &'a Frames,
    /// `T` pitches in Hz, 0 = unvoiced.
    pub f0_hz: &'a [f32],
    /// `T` rows of [`NOISE_CHANNELS`] unit normal values.
    pub noise: &'a Frames,
    /// Frames at the beginning that are context only: no audio is wanted of them.
    pub skip_100hz: usize,
    /// Frames at the end that repeat the last embedding and pitch, because
    /// what follows is not known yet; they are only heard fading out.
    pub held_100hz: usize,
    /// Number of the first frame on the stream's timeline: the key of all
    /// noise that the model draws besides.
    pub first_frame_100hz: i64,
}

/// Synthesizer: embeddings and pitch to a waveform.
pub trait Synthesizer: Send {
    /// Rate of the audio it makes.
    fn sample_rate(&self) -> SampleRate;
    /// Values per embedding that it expects.
    fn dim(&self) -> usize;
    /// True if the same input gives the same audio.
    fn is_reproducible(&self) -> bool {
        true
    }
    /// Makes `(T - skip_100hz) * sample_rate / 100` samples; `audio` is
    /// overwritten.
    ///
    /// # Errors
    /// See [`ModelError`].
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError>;
    /// True if [`Synthesizer::synthesize_streaming`] follows what came before, sample
    /// for sample, so that a stream needs no context and no joins.
    fn is_stateful(&self) -> bool {
        false
    }
    /// As [`Synthesizer::synthesize`] of frames that follow those of the call
    /// before: an even number of them, none skipped or held.
    ///
    /// # Errors
    /// See [`ModelError`]; what was remembered is then lost, and the next call
    /// must be one of [`Synthesizer::synthesize`].
    fn synthesize_streaming(
        &mut self,
        input: SynthesisInput<'_>,
        audio: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        self.synthesize(input, audio)
    }
}
