//! RVC voices from their own weights (`.pth`, `.safetensors`) as synthesizers.
//!
//! The graph is built in memory from the weights ([`crate::import::rvc`]); all noise is
//! an input of it, keyed by (seed, absolute frame), so two renders are equal bit for bit.

use super::rvc_graph::{RvcGraph, RvcGraphInput};
use super::rvc_inputs::coarse_pitch;
use super::rvc_synthesizer::RvcSynthesizer;
use super::session::ModelFileError;
use super::weights;
use crate::dsp::noise::fill_normal;
use crate::frames::Frames;
use crate::import::{ModelKind, rvc};
use crate::model::{ModelError, SynthesisInput, Synthesizer, delay_us};
use crate::units::SampleRate;
use std::path::Path;

const MODEL: &str = "synthesizer";
/// Seeds of the source's noise, and of the noise channels that the engine does not
/// supply. They differ from the seeds of all other noise.
const SOURCE_SEED: u64 = 0x5352_435F_4E4F_4953;
const CHANNELS_SEED: u64 = 0x5A5F_4E4F_4953_4521;

/// Opens a synthesizer of either kind: RVC weights by their content or extension,
/// everything else as an ONNX export. Thread: the loader's.
///
/// # Errors
/// See [`ModelFileError`].
pub fn open_synthesizer(path: &Path) -> Result<Box<dyn Synthesizer>, ModelFileError> {
    if weights::are_in(path) {
        return Ok(Box::new(RvcVoice::open(path)?));
    }
    Ok(Box::new(RvcSynthesizer::open(path)?))
}

/// Values per embedding of the RVC voice in a file of weights, from the file's head; `None` if there is none.
pub fn rvc_width(path: &Path) -> Option<usize> {
    if !path.is_file() || !weights::are_in(path) {
        return None;
    }
    match weights::open(MODEL, path) {
        Ok((_, ModelKind::Voice(voice))) => Some(voice.shape.width),
        _ => None,
    }
}

/// The delay in microseconds of the synthesizer in a file, from the file's head: 0 for ONNX exports, and for files
/// that cannot be read.
pub fn synthesizer_delay_us(path: &Path) -> u32 {
    if !path.is_file() || !weights::are_in(path) {
        return 0;
    }
    match weights::open(MODEL, path) {
        Ok((_, ModelKind::Voice(voice))) => {
            delay_us(rvc::late_samples(&voice), sample_rate(voice.shape.upp()).0)
        }
        _ => 0,
    }
}

fn sample_rate(frame_len: usize) -> SampleRate {
    SampleRate(u32::try_from(frame_len * 100).unwrap_or(0))
}

/// An RVC voice whose graph was built from its weights. It continues streams: see [`crate::import::rvc::build_stream`].
pub struct RvcVoice {
    graph: RvcGraph,
    late_samples: usize,
    dim: usize,
    /// Samples per frame of 10 ms.
    frame_len: usize,
    has_f0: bool,
    noise_channels: usize,
    speakers: usize,
    /// Notes for the user.
    notes: Vec<String>,
    codes: Vec<i64>,
    z_noise: Vec<f32>,
    source_noise: Vec<f32>,
}

impl RvcVoice {
    /// Reads the weights at `path` and builds their graph: 0.5 s for 55 MB.
    ///
    /// # Errors
    /// See [`ModelFileError`]; for a file that is not a voice, the error says what it is and what to do.
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        Self::open_as(path, rvc::Precision::Float)
    }

    /// As [`Self::open`], with this precision.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(path: &Path, precision: rvc::Precision<'_>) -> Result<Self, ModelFileError> {
        let refused = |why: String| ModelFileError::Weights {
            path: path.to_path_buf(),
            why,
        };
        let (mut file, kind) = weights::open(MODEL, path)?;
        let ModelKind::Voice(voice) = kind else {
            return Err(refused(format!("it is {}: {}", kind.name(), kind.advice())));
        };
        let graph =
            rvc::build_stream(&voice, &mut file, precision).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            graph: RvcGraph::open(path, &graph.bytes)?,
            late_samples: graph.late_samples,
            dim: voice.shape.width,
            frame_len: voice.shape.upp(),
            has_f0: voice.f0,
            noise_channels: voice.shape.inter,
            speakers: voice.shape.speakers,
            notes: voice.notes.clone(),
            codes: Vec::new(),
            z_noise: Vec::new(),
            source_noise: Vec::new(),
        })
    }

    /// What was seen in its layers; of a voice that was opened as [`rvc::Precision::Watched`].
    pub(super) fn ranges(&self) -> rvc::Ranges {
        self.graph.ranges()
    }

    /// Adds a note for the user.
    pub(super) fn add_note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// `[channels, T]` unit normal noise: the engine's, and additional noise if the voice has
    /// more channels.
    fn draw_z_noise(&mut self, given: &Frames, first_frame_100hz: i64) {
        let (channels, frames) = (self.noise_channels, given.len());
        self.z_noise.clear();
        self.z_noise.resize(channels * frames, 0.0);
        let mut own = vec![0.0; channels.saturating_sub(given.dim())];
        for (t, (row, frame)) in given.rows().zip(first_frame_100hz..).enumerate() {
            fill_normal(CHANNELS_SEED, frame, &mut own);
            let values = row.iter().chain(&own).take(channels);
            for (channel, &value) in values.enumerate() {
                self.z_noise[channel * frames + t] = value;
            }
        }
    }

    /// Unit normal noise of the source for `frames` frames.
    fn draw_source_noise(&mut self, frames: usize, first_frame_100hz: i64) {
        self.source_noise.clear();
        self.source_noise.resize(frames * self.frame_len, 0.0);
        let pieces = self.source_noise.chunks_exact_mut(self.frame_len);
        for (piece, frame) in pieces.zip(first_frame_100hz..) {
            fill_normal(SOURCE_SEED, frame, piece);
        }
    }

    /// One call of the graph.
    fn render(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let frames = input.embeddings_100hz.len();
        self.draw_z_noise(input.noise, input.first_frame_100hz);
        if self.has_f0 {
            self.codes.clear();
            self.codes
                .extend(input.f0_hz.iter().map(|&f0_hz| coarse_pitch(f0_hz)));
            self.draw_source_noise(frames, input.first_frame_100hz);
        }
        let last = self.speakers.saturating_sub(1);
        let speaker = input.speaker.min(last);
        let given = RvcGraphInput {
            phone: input.embeddings_100hz.data(),
            pitch: self.has_f0.then_some((&self.codes[..], input.f0_hz)),
            speaker: i64::try_from(speaker).unwrap_or(0),
            z_noise: &self.z_noise,
            source_noise: self.has_f0.then_some(&self.source_noise[..]),
            crop: None,
            hop_frames: Some(frames - input.ahead_100hz),
        };
        self.graph.render(given, audio)
    }

    fn check(&self, audio: &[f32], expected: usize) -> Result<(), ModelError> {
        if audio.len() == expected {
            Ok(())
        } else {
            Err(ModelError::Shape {
                model: MODEL,
                expected,
                got: audio.len(),
            })
        }
    }
}

impl Synthesizer for RvcVoice {
    fn sample_rate(&self) -> SampleRate {
        sample_rate(self.frame_len)
    }

    fn is_stateful(&self) -> bool {
        true
    }

    fn late_samples(&self) -> usize {
        self.late_samples
    }

    fn looks_ahead(&self) -> bool {
        true
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn speakers(&self) -> usize {
        self.speakers
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let made = input.embeddings_100hz.len() - input.ahead_100hz;
        if made < rvc::FIRST_FRAMES {
            return Err(ModelError::Shape {
                model: MODEL,
                expected: rvc::FIRST_FRAMES,
                got: made,
            });
        }
        self.graph.restart();
        self.render(input, audio)?;
        // The first call leaves out the samples from before its first frame.
        let skipped = input.skip_100hz.min(made) * self.frame_len;
        match skipped.checked_sub(self.late_samples) {
            Some(before) => drop(audio.drain(..before)),
            None => drop(audio.splice(0..0, std::iter::repeat_n(0.0, self.late_samples - skipped))),
        }
        self.check(audio, made * self.frame_len - skipped)
    }

    fn synthesize_streaming(
        &mut self,
        input: SynthesisInput<'_>,
        audio: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        self.render(input, audio)?;
        let made = input.embeddings_100hz.len() - input.ahead_100hz;
        self.check(audio, made * self.frame_len)
    }
}
