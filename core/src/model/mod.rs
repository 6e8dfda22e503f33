//! The three model traits, and the [`Voice`] that holds the models.
//!
//! Thread: built on the loader, used on the worker. Each trait is called once a hop. It
//! has an implementation in [`onnx`], and a deterministic one for tests in `fake`
//! (feature `fakes`, not in release bundles).

#[cfg(any(test, feature = "fakes"))]
pub mod fake;
pub mod onnx;
mod voice;

pub use voice::{Voice, VoiceError, VoiceLayout, delay_us};

use crate::frames::Frames;
use crate::units::SampleRate;

/// Channels of the noise that an RVC synthesizer takes, per 10 ms frame.
pub const NOISE_CHANNELS: usize = 192;

/// Context frames of a pitch tracker before the first new one: 100 ms, five
/// periods of the lowest voice; for SwiftF0 more made no difference.
pub const PITCH_CONTEXT_50HZ: usize = 5;

/// A model that failed while running; the hop is silence.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// ONNX Runtime reported an error.
    #[error("the {model} stopped with an error: {why}")]
    Backend {
        /// Which model.
        model: &'static str,
        /// The runtime's message.
        why: String,
    },
    /// The output size does not match the interface.
    #[error("the {model} returned {got} values where {expected} were expected")]
    Shape {
        /// Which model.
        model: &'static str,
        /// Expected number of values.
        expected: usize,
        /// Number of values returned.
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
    /// Encodes `320 n + 80` samples to `n` frames; frame `i` covers the samples
    /// `320 i .. 320 i + 320`. `embeddings` is overwritten. The state of earlier calls is
    /// not used.
    ///
    /// # Errors
    /// See [`ModelError`].
    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError>;
    /// True if [`Encoder::encode_streaming`] continues from a state, so that a stream
    /// needs no context window.
    fn is_stateful(&self) -> bool {
        false
    }
    /// True if the last call did not change the state: the same input would give the same embeddings again.
    fn is_settled(&self) -> bool {
        true
    }
    /// As [`Encoder::encode`], but continues from the state of the previous call.
    /// `audio_16k` begins with the last frame of that call, which is encoded again now
    /// that its look-ahead is known.
    ///
    /// # Errors
    /// See [`ModelError`]; the state is then lost, and the next call must be
    /// [`Encoder::encode`].
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
    /// Frames of 20 ms that it needs before the first new one.
    fn context_frames_50hz(&self) -> usize {
        PITCH_CONTEXT_50HZ
    }
}

/// Input of a synthesizer: `T` frames of 10 ms.
#[derive(Clone, Copy, Debug)]
pub struct SynthesisInput<'a> {
    /// `T` embeddings (each one of the encoder's twice).
    pub embeddings_100hz: &'a Frames,
    /// `T` pitches in Hz, 0 = unvoiced.
    pub f0_hz: &'a [f32],
    /// `T` rows of [`NOISE_CHANNELS`] unit normal values.
    pub noise: &'a Frames,
    /// Frames at the beginning that are context only: their audio is left out.
    pub skip_100hz: usize,
    /// Frames at the end that are not final yet: a stateful synthesizer that looks ahead only looks at them, and gets
    /// them again in the next call. Others get none.
    pub ahead_100hz: usize,
    /// Frames at the end that repeat the last embedding and pitch, because the next ones
    /// are not known yet; they are only used to fade out.
    pub held_100hz: usize,
    /// Number of the speaker, counted from the one that was chosen when the model was opened (usually 0); numbers beyond
    /// the last speaker mean the last one.
    pub speaker: usize,
    /// Number of the first frame on the stream's timeline: the key of the noise for
    /// random nodes inside the model.
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
    /// Number of speakers, at least 1.
    fn speakers(&self) -> usize {
        1
    }
    /// What kind of model it is, for the log.
    fn description(&self) -> String {
        String::new()
    }
    /// Notes for the user, as sentences.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Samples by which its audio is late, beyond the frames that lie ahead.
    fn late_samples(&self) -> usize {
        0
    }
    /// True if it gains from [`SynthesisInput::ahead_100hz`].
    fn looks_ahead(&self) -> bool {
        false
    }
    /// Makes `(T - skip_100hz - ahead_100hz) * sample_rate / 100` samples; `audio` is
    /// overwritten.
    ///
    /// # Errors
    /// See [`ModelError`].
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError>;
    /// True if [`Synthesizer::synthesize_streaming`] continues the previous audio sample by
    /// sample, so that a stream needs no context and no joins.
    fn is_stateful(&self) -> bool {
        false
    }
    /// As [`Synthesizer::synthesize`], but continues from the state of the previous call:
    /// an even number of frames, none skipped or held; those ahead do not count as made.
    ///
    /// # Errors
    /// See [`ModelError`]; the state is then lost, and the next call must be
    /// [`Synthesizer::synthesize`].
    fn synthesize_streaming(
        &mut self,
        input: SynthesisInput<'_>,
        audio: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        self.synthesize(input, audio)
    }
}
