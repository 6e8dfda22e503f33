//! The synthesizer as a graph that remembers, for streams.
//!
//! The inputs are those of the graph of whole files ([`super::graph`]) without crop and phase, and
//!
//! | input | type and shape | |
//! | --- | --- | --- |
//! | `hop_frames` | i64 `[1]` | new frames; the other `T - hop_frames` lie ahead, and are given again in the next call |
//! | `past_…` | f32 | what the previous call returned as `present_…`; zeros at the beginning of a stream |
//!
//! `source_noise` has `T * upp` samples. `audio` is f32 `[1, 1, hop_frames * upp]`, and `late_samples` late: so many samples
//! fewer in the first call, which needs [`FIRST_FRAMES`]. With as many frames ahead as the voice looks ahead, all calls together
//! return what the graph of whole files returns, except that attention sees 64 earlier frames and those ahead.

use super::super::container::WeightsFile;
use super::super::graph::Graph;
use super::builder::Builder;
use super::error::VoiceFileError;
use super::graph::{Inputs, finish, sample};
use super::late::{self, Lateness};
use super::memory::Memory;
use super::ranges::Precision;
use super::voice::Voice;
use super::weights::Weights;
use super::{flow, source};

/// Fewest new frames of the first call: the late samples that it leaves out, and what the last stage remembers.
pub const FIRST_FRAMES: usize = 4;

/// The graph of a stream.
pub struct StreamGraph {
    /// Bytes of an ONNX model.
    pub bytes: Vec<u8>,
    /// Samples by which its audio is late.
    pub late_samples: usize,
}

/// Samples by which the audio of a voice's stream is late.
#[must_use]
pub fn late_samples(voice: &Voice) -> usize {
    Lateness::of(&voice.shape, last_kernel(voice)).audio
}

fn last_kernel(voice: &Voice) -> usize {
    let shape = voice.names.shape("dec.conv_post.weight");
    let last = shape.and_then(<[u64]>::last);
    last.and_then(|&size| usize::try_from(size).ok()).unwrap_or(0)
}

/// As [`super::build`], for streams.
///
/// # Errors
/// As [`super::build`]; also if a kernel has no middle.
pub fn build_stream(
    voice: &Voice,
    file: &mut WeightsFile,
    precision: Precision<'_>,
) -> Result<StreamGraph, VoiceFileError> {
    let mut b = Builder {
        graph: Graph::default(),
        weights: Weights::new(file, &voice.names),
        shape: &voice.shape,
        memory: None,
        precision,
    };
    let last_kernel = last_kernel(voice);
    if last_kernel.is_multiple_of(2) {
        return Err(VoiceFileError::config(format!("a last kernel of {last_kernel}")));
    }
    let lateness = Lateness::of(&voice.shape, last_kernel);
    let inputs = Inputs::new(&mut b, voice);
    b.memory = Some(Memory::new(&mut b.graph));
    let speaker = b.speaker(&inputs.speaker)?;
    let z = sample(&mut b, &inputs)?;
    let z = flow::reverse(&mut b, z, &speaker)?;
    let excitation = match &inputs.pitchf {
        Some(pitchf) => Some(source::excitation(&mut b, pitchf, voice.rate_hz)?),
        None => None,
    };
    let audio = late::generate(&mut b, &z, excitation.as_ref(), &speaker, &lateness)?;
    let late_samples = lateness.audio;
    let notes = [("voxmeld.late_samples", late_samples.to_string())];
    Ok(StreamGraph {
        bytes: finish(b, voice, &audio, &notes),
        late_samples,
    })
}
