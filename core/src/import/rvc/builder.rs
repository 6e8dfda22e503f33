//! Adds layers to the graph, with weights from the voice's file.

use super::super::graph::{Edge, Graph, ints, signed};
use super::error::VoiceFileError;
use super::memory::Memory;
use super::ranges::Precision;
use super::shape::Shape;
use super::weights::Weights;
use crate::onnx_proto::AttributeProto;

/// Axis of time in an image `[1, C, 1, T]`.
pub const TIME: i64 = 3;
/// The graph, and the source of its weights.
pub struct Builder<'a> {
    pub graph: Graph,
    pub weights: Weights<'a>,
    pub shape: &'a Shape,
    /// What the graph remembers from call to call; `None` for a graph of whole files.
    pub memory: Option<Memory>,
    /// What is done with the convolutions of the residual blocks.
    pub precision: Precision<'a>,
}

/// Stride, dilation and padding of a convolution along time.
#[derive(Clone, Copy)]
pub struct Window {
    pub dilation: usize,
    pub stride: usize,
    pub pads: [usize; 2],
}

impl Window {
    /// Keeps the length.
    pub fn same(kernel: usize, dilation: usize) -> Self {
        let both = (kernel - 1) * dilation;
        Self {
            dilation,
            stride: 1,
            pads: [both / 2, both - both / 2],
        }
    }

    /// Shortens by what it looks back on.
    pub fn causal(dilation: usize) -> Self {
        Self {
            dilation,
            stride: 1,
            pads: [0, 0],
        }
    }

    /// As attributes of a convolution along time with this kernel.
    pub fn attributes(self, kernel: usize) -> Vec<AttributeProto> {
        let [before, after] = self.pads.map(signed);
        vec![
            ints("kernel_shape", &[1, signed(kernel)]),
            ints("dilations", &[1, signed(self.dilation)]),
            ints("strides", &[1, signed(self.stride)]),
            ints("pads", &[0, before, 0, after]),
        ]
    }
}

impl Builder<'_> {
    /// A speaker's embedding as an image `[1, gin, 1, 1]`.
    pub fn speaker(&mut self, speaker: &Edge) -> Result<Edge, VoiceFileError> {
        let (speakers, gin) = (self.shape.speakers, self.shape.gin);
        let table = self.weights.tensor("emb_g.weight", &[speakers, gin])?;
        let table = self.graph.floats(&[speakers, gin], &table);
        let row = self.graph.op("Gather", &[&table, speaker], vec![]);
        Ok(self.graph.reshape(&row, &[1, signed(gin), 1, 1]))
    }

    /// A convolution at one value per frame that keeps the length; the kernel size is that of the file.
    pub fn conv(
        &mut self,
        x: &Edge,
        name: &str,
        [outputs, inputs]: [usize; 2],
        dilation: usize,
    ) -> Result<Edge, VoiceFileError> {
        let kernel = self.weights.kernel(name)?;
        if !(1..=MAX_KERNEL).contains(&kernel) {
            return Err(VoiceFileError::config(format!(
                "a kernel of {kernel} in `{name}`"
            )));
        }
        self.same(x, name, [outputs, inputs, kernel], dilation, 1)
    }

    /// A convolution that keeps the length, at `per_frame` samples per frame. In a stream it remembers its left half,
    /// and sees zeros to the right of the newest frame, like the convolutions of a whole file at its end.
    pub fn same(
        &mut self,
        x: &Edge,
        name: &str,
        shape: [usize; 3],
        dilation: usize,
        per_frame: usize,
    ) -> Result<Edge, VoiceFileError> {
        let mut window = Window::same(shape[2], dilation);
        if self.memory.is_none() || window.pads[0] == 0 {
            return self.conv_of(x, name, shape, window);
        }
        let x = self.remembered(x, name, shape[1], window.pads[0], per_frame);
        window.pads[0] = 0;
        self.conv_of(&x, name, shape, window)
    }

    /// A convolution with the file's weights.
    pub fn conv_of(
        &mut self,
        x: &Edge,
        name: &str,
        shape: [usize; 3],
        window: Window,
    ) -> Result<Edge, VoiceFileError> {
        let layer = self.weights.layer(name, &shape, shape[0])?;
        let (weight, bias) = (&layer.weight[..], layer.bias.as_deref());
        if let Some(y) = self.in_8_bits(x, name, (weight, bias), shape, window) {
            return Ok(y);
        }
        let y = self.conv_with(x, weight, bias, shape, window);
        self.watch(name, x, &y);
        Ok(y)
    }

    /// A convolution `[1, inputs, 1, T]` to `[1, outputs, 1, T']`.
    pub fn conv_with(
        &mut self,
        x: &Edge,
        weight: &[f32],
        bias: Option<&[f32]>,
        [outputs, inputs, kernel]: [usize; 3],
        window: Window,
    ) -> Edge {
        let weight = self.graph.floats(&[outputs, inputs, 1, kernel], weight);
        let bias = bias.map(|bias| self.graph.floats(&[outputs], bias));
        let mut edges = vec![x, &weight];
        edges.extend(bias.as_ref());
        self.graph.op("Conv", &edges, window.attributes(kernel))
    }

    /// A convolution with a kernel of 1, as a product on `[1, T, inputs]`.
    pub fn linear(
        &mut self,
        x: &Edge,
        name: &str,
        [outputs, inputs]: [usize; 2],
        shape: &[usize],
    ) -> Result<Edge, VoiceFileError> {
        let layer = self.weights.layer(name, shape, outputs)?;
        let turned = transposed(&layer.weight, outputs, inputs);
        let weight = self.graph.floats(&[inputs, outputs], &turned);
        let y = self.graph.matmul(x, &weight);
        Ok(match layer.bias {
            Some(bias) => {
                let bias = self.graph.floats(&[outputs], &bias);
                self.graph.add(&y, &bias)
            }
            None => y,
        })
    }
}

/// Longest accepted kernel; longer than any voice's.
const MAX_KERNEL: usize = 4096;

/// `[rows, columns]` to `[columns, rows]`.
pub fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        turned.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    turned
}
