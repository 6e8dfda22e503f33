//! The whole synthesizer as one graph: text encoder, flow in reverse, generator.
//!
//! | input | type and shape | |
//! | --- | --- | --- |
//! | `phone` | f32 `[1, T, 256 or 768]` | embeddings, 100 frames a second |
//! | `pitch` | i64 `[1, T]` | coarse code, 1 to 255 (voices with f0) |
//! | `pitchf` | f32 `[1, T]` | Hz, 0 = unvoiced (voices with f0) |
//! | `sid` | i64 `[1]` | speaker |
//! | `z_noise` | f32 `[1, inter, T]` | unit variance; scaled here |
//! | `source_noise` | f32 `[1, L * upp, 1]` | unit variance (voices with f0) |
//! | `skip_head` | i64 `[]` | optional, 0: frames that are context only |
//! | `return_length` | i64 `[]` | optional, all: frames that become audio |
//! | `source_phase` | f32 `[1, 1]` | optional, 0: cycles before the first returned sample (voices with f0) |
//!
//! `audio` is f32 `[1, 1, L * upp]`; L is `return_length`, or the number of frames
//! after `skip_head`. As in RVC, the flow starts 24 frames before
//! the first returned one, and the source starts at that one.
//!
//! Signals are images of height 1, because ONNX Runtime then uses its blocked
//! convolution kernels, which are a sixth faster.

use super::super::container::WeightsFile;
use super::super::graph::{Dim, Edge, Graph};
use super::builder::{Builder, TIME};
use super::error::VoiceFileError;
use super::ranges::Precision;
use super::voice::Voice;
use super::weights::Weights;
use super::{flow, generator, source, text};
use crate::onnx_proto::DataType;

/// Frames of context that the flow sees before the first returned one.
const FLOW_CONTEXT_FRAMES: i64 = 24;
/// RVC draws its noise at two thirds of unit variance.
const NOISE_SCALE: f32 = 0.666_66;
/// An end beyond all frames; slices stop at the real end.
const ALL: i64 = i64::MAX / 4;

/// Builds the synthesizer of a voice that was found in `file`; returns the bytes
/// of an ONNX model.
///
/// # Errors
/// If a part is missing, has a wrong size, or holds values that are not finite.
pub fn build(voice: &Voice, file: &mut WeightsFile) -> Result<Vec<u8>, VoiceFileError> {
    let mut b = Builder {
        graph: Graph::default(),
        weights: Weights::new(file, &voice.names),
        shape: &voice.shape,
        memory: None,
        precision: Precision::Float,
    };
    let inputs = Inputs::new(&mut b, voice);
    let crop = Crop::inputs(&mut b.graph);
    let speaker = b.speaker(&inputs.speaker)?;
    let z = sample(&mut b, &inputs)?;
    let z = b.graph.slice(&z, &crop.flow_start, &crop.end, TIME);
    let z = flow::reverse(&mut b, z, &speaker)?;
    let z = b.graph.slice(&z, &crop.generator_start, &crop.all, TIME);
    let excitation = match inputs.pitchf {
        Some(pitchf) => {
            let pitchf = b.graph.slice(&pitchf, &crop.start, &crop.end, 1);
            Some(source::excitation(&mut b, &pitchf, voice.rate_hz)?)
        }
        None => None,
    };
    let audio = generator::generate(&mut b, z, excitation.as_ref(), &speaker)?;
    Ok(finish(b, voice, &audio, &[]))
}

/// The inputs that both graphs have.
pub(super) struct Inputs {
    phone: Edge,
    pitch: Option<Edge>,
    pub pitchf: Option<Edge>,
    pub speaker: Edge,
    z_noise: Edge,
}

impl Inputs {
    pub fn new(b: &mut Builder<'_>, voice: &Voice) -> Self {
        let frames = [Dim::Fixed(1), Dim::Named("T")];
        let phone = [Dim::Fixed(1), Dim::Named("T"), Dim::Fixed(b.shape.width)];
        let z_noise = [Dim::Fixed(1), Dim::Fixed(b.shape.inter), Dim::Named("T")];
        let g = &mut b.graph;
        Self {
            phone: g.input("phone", DataType::Float, &phone),
            pitch: voice.f0.then(|| g.input("pitch", DataType::Int64, &frames)),
            pitchf: voice.f0.then(|| g.input("pitchf", DataType::Float, &frames)),
            speaker: g.input("sid", DataType::Int64, &[Dim::Fixed(1)]),
            z_noise: g.input("z_noise", DataType::Float, &z_noise),
        }
    }
}

/// A sample of the prior: `[1, inter, 1, T]`.
pub(super) fn sample(b: &mut Builder<'_>, inputs: &Inputs) -> Result<Edge, VoiceFileError> {
    let [mean, log_scale] = text::encode(b, &inputs.phone, inputs.pitch.as_ref())?;
    let noise = b.graph.unsqueeze(&inputs.z_noise, 2);
    let factor = b.graph.float(NOISE_SCALE);
    let noise = b.graph.mul(&noise, &factor);
    let scale = b.graph.op("Exp", &[&log_scale], vec![]);
    let z = b.graph.mul(&noise, &scale);
    Ok(b.graph.add(&mean, &z))
}

/// Adds the output `audio`; returns the model's bytes with `notes`.
pub(super) fn finish(
    mut b: Builder<'_>,
    voice: &Voice,
    audio: &Edge,
    notes: &[(&'static str, String)],
) -> Vec<u8> {
    let samples = [Dim::Fixed(1), Dim::Fixed(1), Dim::Named("samples")];
    b.graph.output("audio", audio, &samples);
    let mut all = vec![
        ("voxmeld.voice", voice.version.name().to_string()),
        ("voxmeld.rate_hz", voice.rate_hz.to_string()),
        ("voxmeld.speakers", voice.shape.speakers.to_string()),
    ];
    all.extend(notes.iter().cloned());
    b.graph.finish("rvc", &all)
}

/// Start and end of the returned frames.
struct Crop {
    /// First returned frame.
    start: Edge,
    /// Frame after the last returned one.
    end: Edge,
    /// First frame of the flow's input.
    flow_start: Edge,
    /// First returned frame, counted from the flow's first frame.
    generator_start: Edge,
    /// An end beyond all frames.
    all: Edge,
}

impl Crop {
    fn inputs(graph: &mut Graph) -> Self {
        let skip = graph.optional_int("skip_head", 0);
        let length = graph.optional_int("return_length", ALL);
        let start = graph.unsqueeze(&skip, 0);
        let length = graph.unsqueeze(&length, 0);
        let end = graph.add(&start, &length);
        let context = graph.ints(&[FLOW_CONTEXT_FRAMES]);
        let before = graph.op("Sub", &[&start, &context], vec![]);
        let zero = graph.ints(&[0]);
        let flow_start = graph.op("Max", &[&before, &zero], vec![]);
        let generator_start = graph.op("Sub", &[&start, &flow_start], vec![]);
        let all = graph.ints(&[ALL]);
        Self {
            start,
            end,
            flow_start,
            generator_start,
            all,
        }
    }
}
