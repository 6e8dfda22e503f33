//! The whole encoder as one graph: from `source` f32 `[1, N]` at 16 kHz to `embed` f32
//! `[1, T, C]`, T = (N - 400) / 320 + 1.
//!
//! C = 256: the output of layer 9 through `final_proj`, as in RVC v1. C = 768: the output of the
//! last layer (12), as in RVC v2. Only the layers that are needed are built.

use super::super::container::WeightsFile;
use super::super::encoder::{EncoderFacts, EncoderTensors};
use super::super::graph::{Dim, Edge, Graph};
use super::error::EncoderFileError;
use super::layers::{Builder, Conv, PER_HEAD};
use super::memory::Memory;
use super::parts::Parts;
use super::weights::Weights;
use crate::onnx_proto::DataType;

/// Kernels and strides of the feature extractor.
const EXTRACTOR: [(usize, usize); 7] = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)];
/// Layer whose output RVC v1 projects.
const PROJECTED_LAYER: usize = 9;
/// Groups of the positional convolution.
const POSITION_GROUPS: usize = 16;
/// Axis of time in an image `[1, C, 1, T]`.
const TIME: i64 = 3;
/// Maximum number of layers; more than any encoder has.
const MAX_LAYERS: usize = 64;

/// How an encoder is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// Values per embedding; `None`: those of its last layer.
    pub wanted: Option<usize>,
    /// For streams: frames that attention remembers. The graph then has inputs `past_…` and outputs `present_…`; the
    /// last frame of a call is encoded again in the next one.
    pub past_frames: Option<usize>,
    /// Matrix products in 8 bits.
    pub eight_bits: bool,
}

/// Builds the encoder in `file` for whole files, with `wanted` values per embedding (`None`: those of its
/// last layer); returns the bytes of an ONNX model.
///
/// # Errors
/// If there is no encoder in the file, a part is missing or has a wrong size, values are
/// not finite, or the encoder cannot output as many values.
pub fn build(file: &mut WeightsFile, wanted: Option<usize>) -> Result<Vec<u8>, EncoderFileError> {
    let build = Build {
        wanted,
        ..Build::default()
    };
    build_as(file, build)
}

/// As [`build`], in another way.
///
/// # Errors
/// As [`build`].
pub fn build_as(file: &mut WeightsFile, build: Build) -> Result<Vec<u8>, EncoderFileError> {
    let tensors = EncoderTensors::find(file.tree().root()).ok_or(EncoderFileError::NoEncoder)?;
    let EncoderTensors { facts, names, prefix } = tensors;
    let width = usize::try_from(facts.width).unwrap_or(usize::MAX);
    check(&facts, width)?;
    let projection = projection(&facts, width, build.wanted)?;
    let mut b = Builder {
        graph: Graph::default(),
        weights: Weights { file, names },
        parts: Parts::new(facts.names, prefix),
        memory: build.past_frames.map(Memory::new),
        eight_bits: build.eight_bits,
    };
    let source = b
        .graph
        .input("source", DataType::Float, &[Dim::Fixed(1), Dim::Named("samples")]);
    b.fade_statistics(&source);
    let mut x = features(&mut b, &source, width)?;
    x = positions(&mut b, &x, width)?;
    let layers = if projection.is_some() {
        PROJECTED_LAYER
    } else {
        facts.layers
    };
    for n in 0..layers {
        x = b.layer(&x, n, width)?;
    }
    let mut size = width;
    if let Some(projected) = projection {
        let [inside, outside] = b.parts.projections();
        let name = if b.weights.has(&format!("{inside}.weight")) {
            inside
        } else {
            outside
        };
        x = b.linear(&x, &name, [projected, width])?;
        size = projected;
    }
    let shape = [Dim::Fixed(1), Dim::Named("frames"), Dim::Fixed(size)];
    b.graph.output("embed", &x, &shape);
    let notes = [
        ("voxmeld.encoder", "hubert".to_string()),
        ("voxmeld.layers", layers.to_string()),
    ];
    Ok(b.graph.finish("hubert", &notes))
}

fn check(facts: &EncoderFacts, width: usize) -> Result<(), EncoderFileError> {
    let unsupported = |what: String| Err(EncoderFileError::Unsupported { what });
    if !width.is_multiple_of(PER_HEAD) || !width.is_multiple_of(POSITION_GROUPS) || width == 0 {
        return unsupported(format!("layers of {width} values"));
    }
    if facts.layers > MAX_LAYERS {
        return unsupported(format!("{} layers", facts.layers));
    }
    Ok(())
}

/// Width of the projection to use; `None`: the output of the last layer.
fn projection(
    facts: &EncoderFacts,
    width: usize,
    wanted: Option<usize>,
) -> Result<Option<usize>, EncoderFileError> {
    /// Width in RVC v1.
    const V1: usize = 256;
    let Some(wanted) = wanted.filter(|&wanted| wanted != width) else {
        return Ok(None);
    };
    let projection = facts
        .projection
        .and_then(|projection| usize::try_from(projection).ok());
    match projection {
        Some(projection) if projection == wanted && facts.layers >= PROJECTED_LAYER => Ok(Some(projection)),
        _ if wanted == V1 => Err(EncoderFileError::NoProjection { wanted }),
        // Other widths are rejected by the voice's own check.
        _ => Ok(None),
    }
}

/// Audio `[1, N]` to features `[1, T, width]`.
fn features(b: &mut Builder<'_>, source: &Edge, width: usize) -> Result<Edge, EncoderFileError> {
    let mut x = b.graph.reshape(source, &[1, 1, 1, -1]);
    let mut channels = 1;
    for (n, (kernel, stride)) in EXTRACTOR.into_iter().enumerate() {
        let name = b.parts.conv(n);
        let large = b.parts.large_conv_norm(n);
        if b.weights.has(&format!("{name}.bias")) || (n > 0 && b.weights.has(&format!("{large}.weight"))) {
            return Err(EncoderFileError::Unsupported {
                what: "a feature extractor with a norm for each layer (a large model's)".into(),
            });
        }
        let [outputs, _, _] = b.weights.sizes(&format!("{name}.weight"))?;
        let shape = [outputs, channels, kernel];
        let weight = b.weights.tensor(&format!("{name}.weight"), &shape)?;
        let conv = Conv {
            shape,
            stride,
            groups: 1,
            pads: [0, 0],
        };
        x = b.conv(&x, &weight, None, conv);
        if n == 0 {
            x = b.norm_over_time(&x, &b.parts.conv_norm(0), outputs)?;
        }
        x = b.gelu(&x);
        channels = outputs;
    }
    let x = to_rows(&mut b.graph, &x);
    let x = b.norm(&x, &b.parts.feature_norm(), channels)?;
    let name = b.parts.feature_projection();
    b.linear(&x, &name, [width, channels])
}

/// Adds the positional encoding: a convolution over the neighbouring frames.
fn positions(b: &mut Builder<'_>, x: &Edge, width: usize) -> Result<Edge, EncoderFileError> {
    let name = b.parts.positions();
    let [_, _, kernel] = b.weights.sizes(&format!("{name}.weight"))?;
    let shape = [width, width / POSITION_GROUPS, kernel];
    let weight = b.weights.positions(&name, &shape)?;
    let bias = b.weights.tensor(&format!("{name}.bias"), &[width])?;
    let image = b.graph.transpose(x, &[0, 2, 1]);
    let image = b.graph.unsqueeze(&image, 2);
    let image = b.remembered(&image, "positions", &[1, width, 1, kernel / 2], 3);
    let past = if b.memory.is_some() { 0 } else { kernel / 2 };
    let conv = Conv {
        shape,
        stride: 1,
        groups: POSITION_GROUPS,
        pads: [past, kernel / 2],
    };
    let mut y = b.conv(&image, &weight, Some(&bias), conv);
    if kernel.is_multiple_of(2) {
        // The output has one frame more than the input.
        y = b.graph.slice_fixed(&y, 0, -1, TIME);
    }
    let y = b.gelu(&y);
    let y = to_rows(&mut b.graph, &y);
    let y = b.graph.add(x, &y);
    b.norm(&y, &b.parts.first_norm(), width)
}

/// `[1, C, 1, T]` to `[1, T, C]`.
fn to_rows(graph: &mut Graph, x: &Edge) -> Edge {
    let axes = graph.ints(&[2]);
    let x = graph.op("Squeeze", &[x, &axes], vec![]);
    graph.transpose(&x, &[0, 2, 1])
}
