//! Adds layers to the graph, with weights from the encoder's file.

use super::super::graph::{Edge, Graph, float, int, ints, signed};
use super::error::EncoderFileError;
use super::memory::Memory;
use super::parts::Parts;
use super::weights::Weights;

/// Epsilon of every norm.
const EPSILON: f32 = 1e-5;
/// Values per attention head, in every HuBERT.
pub const PER_HEAD: usize = 64;

/// The graph, and the source of its weights.
pub struct Builder<'a> {
    pub graph: Graph,
    pub weights: Weights<'a>,
    pub parts: Parts,
    /// What the graph remembers from call to call; `None` for a graph of whole files.
    pub memory: Option<Memory>,
    /// Matrix products in 8 bits.
    pub eight_bits: bool,
}

/// Sizes of a convolution along time.
#[derive(Clone, Copy)]
pub struct Conv {
    /// Outputs, inputs of a group, kernel.
    pub shape: [usize; 3],
    pub stride: usize,
    pub groups: usize,
    /// Padding at either end.
    pub pads: [usize; 2],
}

impl Builder<'_> {
    /// A convolution of images `[1, C, 1, T]`.
    pub fn conv(&mut self, x: &Edge, weight: &[f32], bias: Option<&[f32]>, conv: Conv) -> Edge {
        let [outputs, inputs, kernel] = conv.shape;
        let weight = self.graph.floats(&[outputs, inputs, 1, kernel], weight);
        let bias = bias.map(|bias| self.graph.floats(&[outputs], bias));
        let mut edges = vec![x, &weight];
        edges.extend(bias.as_ref());
        let attributes = vec![
            ints("kernel_shape", &[1, signed(kernel)]),
            ints("strides", &[1, signed(conv.stride)]),
            ints("pads", &[0, signed(conv.pads[0]), 0, signed(conv.pads[1])]),
            int("group", signed(conv.groups)),
        ];
        self.graph.op("Conv", &edges, attributes)
    }

    /// `x W' + b` on `[1, T, inputs]`.
    pub fn linear(
        &mut self,
        x: &Edge,
        name: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Edge, EncoderFileError> {
        let matrix = self
            .weights
            .tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = self.weights.tensor(&format!("{name}.bias"), &[outputs])?;
        let mut turned = Vec::with_capacity(matrix.len());
        for column in 0..inputs {
            turned.extend((0..outputs).map(|row| matrix[row * inputs + column]));
        }
        let y = if self.eight_bits {
            self.product_in_8_bits(x, &turned, [outputs, inputs])
        } else {
            let weight = self.graph.floats(&[inputs, outputs], &turned);
            self.graph.matmul(x, &weight)
        };
        let bias = self.graph.floats(&[outputs], &bias);
        Ok(self.graph.add(&y, &bias))
    }

    /// Layer normalization over the last axis.
    pub fn norm(&mut self, x: &Edge, name: &str, size: usize) -> Result<Edge, EncoderFileError> {
        let (scale, bias) = self.scale_and_bias(name, size)?;
        let attributes = vec![int("axis", -1), float("epsilon", EPSILON)];
        Ok(self
            .graph
            .op("LayerNormalization", &[x, &scale, &bias], attributes))
    }

    /// Normalizes each channel over time: a group norm with as many groups as channels. In a stream over the recent past.
    pub fn norm_over_time(&mut self, x: &Edge, name: &str, size: usize) -> Result<Edge, EncoderFileError> {
        let (scale, bias) = self.scale_and_bias(name, size)?;
        if let Some(y) = self.norm_by_statistics(x, (&scale, &bias), size, EPSILON) {
            return Ok(y);
        }
        let attributes = vec![float("epsilon", EPSILON)];
        Ok(self
            .graph
            .op("InstanceNormalization", &[x, &scale, &bias], attributes))
    }

    fn scale_and_bias(&mut self, name: &str, size: usize) -> Result<(Edge, Edge), EncoderFileError> {
        let scale = self.weights.tensor(&format!("{name}.weight"), &[size])?;
        let bias = self.weights.tensor(&format!("{name}.bias"), &[size])?;
        Ok((
            self.graph.floats(&[size], &scale),
            self.graph.floats(&[size], &bias),
        ))
    }

    /// The exact GELU, in the form that ONNX Runtime fuses.
    pub fn gelu(&mut self, x: &Edge) -> Edge {
        let [root, one, half] = [std::f32::consts::SQRT_2, 1.0, 0.5].map(|value| self.graph.float(value));
        let y = self.graph.op("Div", &[x, &root], vec![]);
        let y = self.graph.op("Erf", &[&y], vec![]);
        let y = self.graph.add(&y, &one);
        let y = self.graph.mul(x, &y);
        self.graph.mul(&y, &half)
    }

    /// A layer of the transformer, with norms after its two parts.
    pub fn layer(&mut self, x: &Edge, n: usize, width: usize) -> Result<Edge, EncoderFileError> {
        let y = self.attention(x, n, width)?;
        let y = self.graph.add(x, &y);
        let x = self.norm(&y, &self.parts.attention_norm(n), width)?;
        let [first, second] = self.parts.feed_forward(n);
        let [inner, _] = self.weights.sizes(&format!("{first}.weight"))?;
        let y = self.linear(&x, &first, [inner, width])?;
        let y = self.gelu(&y);
        let y = self.linear(&y, &second, [width, inner])?;
        let y = self.graph.add(&x, &y);
        self.norm(&y, &self.parts.final_norm(n), width)
    }

    fn attention(&mut self, x: &Edge, n: usize, width: usize) -> Result<Edge, EncoderFileError> {
        let heads = width / PER_HEAD;
        let mut project = |which: &str, order: &[i64]| -> Result<Edge, EncoderFileError> {
            let name = self.parts.attention(n, which);
            let mut y = self.linear(x, &name, [width, width])?;
            if let Some(memory) = self.memory.as_ref().filter(|_| which != "q") {
                let shape = [1, memory.frames, width];
                y = self.remembered(&y, &format!("{which}{n}"), &shape, 1);
            }
            let y = self.graph.reshape(&y, &[1, -1, signed(heads), signed(PER_HEAD)]);
            Ok(self.graph.transpose(&y, order))
        };
        let query = project("q", &[0, 2, 1, 3])?;
        let keys = project("k", &[0, 2, 3, 1])?;
        let values = project("v", &[0, 2, 1, 3])?;
        #[expect(clippy::cast_precision_loss, reason = "64")]
        let scale = self.graph.float((PER_HEAD as f32).sqrt().recip());
        let query = self.graph.mul(&query, &scale);
        let scores = self.graph.matmul(&query, &keys);
        let scores = self.without_unborn(scores, x);
        let weights = self.graph.op("Softmax", &[&scores], vec![int("axis", -1)]);
        let y = self.graph.matmul(&weights, &values);
        let y = self.graph.transpose(&y, &[0, 2, 1, 3]);
        let y = self.graph.reshape(&y, &[1, -1, signed(width)]);
        let name = self.parts.attention(n, "out");
        self.linear(&y, &name, [width, width])
    }
}
