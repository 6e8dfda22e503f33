//! Convolutions of a voice in 8 bits: half the time, at the cost of a little noise.
//!
//! The convolutions of the residual blocks are nearly all of the work. Their inputs and outputs are rounded to 256 steps
//! between the extremes that were seen on sample speech (static ranges: ONNX Runtime's kernel for ranges that are found
//! in every call is several times slower than 32 bits). Layers that lose too much this way stay in 32 bits.

use super::super::eight_bits::{most_steps, rounded_i8};
use super::super::graph::{Dim, Edge, int};
use super::builder::{Builder, Window};
use super::ranges::{Precision, watched};

/// Beginning of the names of the layers that may have 8 bits.
const LAYERS: &str = "dec.resblocks.";

impl Builder<'_> {
    /// The layer in 8 bits; `None` if it stays in 32.
    pub(super) fn in_8_bits(
        &mut self,
        x: &Edge,
        name: &str,
        (weight, bias): (&[f32], Option<&[f32]>),
        [outputs, inputs, kernel]: [usize; 3],
        window: Window,
    ) -> Option<Edge> {
        let Precision::EightBits(ranges) = self.precision else {
            return None;
        };
        let range = ranges.get(name).filter(|range| range.bears_8_bits())?;
        let ((x_scale, x_zero), (y_scale, y_zero)) = (range.input.scale(), range.output.scale());
        let mut steps = Vec::with_capacity(weight.len());
        let mut scales = Vec::with_capacity(outputs);
        for row in weight.chunks(inputs * kernel) {
            let most = row.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let scale = (most / most_steps()).max(f32::MIN_POSITIVE);
            scales.push(scale);
            steps.extend(row.iter().map(|x| rounded_i8(x / scale)));
        }
        let biases: Vec<i32> = scales
            .iter()
            .enumerate()
            .map(|(n, scale)| rounded_i32(bias.map_or(0.0, |bias| bias[n]) / (scale * x_scale)))
            .collect();
        let g = &mut self.graph;
        let (x_scale, x_zero) = (g.float(x_scale), g.u8(x_zero));
        let (y_scale, y_zero) = (g.float(y_scale), g.u8(y_zero));
        let weight = g.i8s(&[outputs, inputs, 1, kernel], &steps);
        let (scales, zeros) = (
            g.floats(&[outputs], &scales),
            g.i8s(&[outputs], &vec![0; outputs]),
        );
        let bias = g.i32s(&biases);
        let x = g.op("QuantizeLinear", &[x, &x_scale, &x_zero], vec![]);
        let given = [
            &x, &x_scale, &x_zero, &weight, &scales, &zeros, &y_scale, &y_zero, &bias,
        ];
        let y = g.op("QLinearConv", &given, window.attributes(kernel));
        Some(g.op("DequantizeLinear", &[&y, &y_scale, &y_zero], vec![]))
    }

    /// Adds the outputs that tell of a layer, where they are wanted.
    pub(super) fn watch(&mut self, name: &str, x: &Edge, y: &Edge) {
        if !matches!(self.precision, Precision::Watched) || !name.starts_with(LAYERS) {
            return;
        }
        for (output, signal) in watched(name).iter().zip([x, y]) {
            let g = &mut self.graph;
            let square = g.mul(signal, signal);
            let parts = [
                ("ReduceMin", signal),
                ("ReduceMax", signal),
                ("ReduceMean", &square),
            ]
            .map(|(kind, signal)| {
                let one = g.op(kind, &[signal], vec![int("keepdims", 0)]);
                g.reshape(&one, &[1])
            });
            let parts: Vec<&Edge> = parts.iter().collect();
            let span = g.op("Concat", &parts, vec![int("axis", 0)]);
            g.output(output, &span, &[Dim::Fixed(3)]);
        }
    }
}

fn rounded_i32(x: f32) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
    let x = x.round() as i32;
    x
}
