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
    let shape = &voice.shape;
    let mut b = Builder {
        graph: Graph::default(),
        weights: Weights::new(file, &voice.names),
        shape,
    };
    let frames = [Dim::Fixed(1), Dim::Named("T")];
    let phone = [Dim::Fixed(1), Dim::Named("T"), Dim::Fixed(shape.width)];
    let phone = b.graph.input("phone", DataType::Float, &phone);
    let pitch = voice.f0.then(|| b.graph.input("pitch", DataType::Int64, &frames));
    let pitchf = voice
        .f0
        .then(|| b.graph.input("pitchf", DataType::Float, &frames));
    let speaker = b.graph.input("sid", DataType::Int64, &[Dim::Fixed(1)]);
    let z_noise = [Dim::Fixed(1), Dim::Fixed(shape.inter), Dim::Named("T")];
    let z_noise = b.graph.input("z_noise", DataType::Float, &z_noise);
    let crop = Crop::inputs(&mut b.graph);

    let speaker = b.speaker(&speaker)?;
    let [mean, log_scale] = text::encode(&mut b, &phone, pitch.as_ref())?;
    let noise = b.graph.unsqueeze(&z_noise, 2);
    let factor = b.graph.float(NOISE_SCALE);
    let noise = b.graph.mul(&noise, &factor);
    let scale = b.graph.op("Exp", &[&log_scale], vec![]);
    let z = b.graph.mul(&noise, &scale);
    let z = b.graph.add(&mean, &z);
    let z = b.graph.slice(&z, &crop.flow_start, &crop.end, TIME);
    let z = flow::reverse(&mut b, z, &speaker)?;
    let z = b.graph.slice(&z, &crop.generator_start, &crop.all, TIME);
    let excitation = match pitchf {
        Some(pitchf) => {
            let pitchf = b.graph.slice(&pitchf, &crop.start, &crop.end, 1);
            Some(source::excitation(&mut b, &pitchf, voice.rate_hz)?)
        }
        None => None,
    };
    let audio = generator::generate(&mut b, z, excitation.as_ref(), &speaker)?;
    let samples = [Dim::Fixed(1), Dim::Fixed(1), Dim::Named("samples")];
    b.graph.output("audio", &audio, &samples);
    let notes = [
        ("voxmeld.voice", voice.version.name().to_string()),
        ("voxmeld.rate_hz", voice.rate_hz.to_string()),
        ("voxmeld.speakers", shape.speakers.to_string()),
    ];
    Ok(b.graph.finish("rvc", &notes))
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
