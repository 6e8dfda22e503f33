//! What the graph of a stream remembers: inputs `past_…` with zeros as initial values, and outputs `present_…` for the
//! next call.
//!
//! The last frame of a call is encoded again in the next one, when what follows it is known, so nothing of it is
//! remembered. A first call is a call of the graph of whole files.

use super::super::graph::{Dim, Edge, Graph, int, signed};
use super::layers::Builder;

/// Frames of a call that are encoded again in the next one.
const LOOKAHEAD_FRAMES: usize = 1;
/// Score of a remembered frame from before the stream began.
const NEVER: f32 = 1e4;
/// Time constant of the statistics in samples at 16 kHz: 4 s.
const STATISTICS_16K: f32 = 64_000.0;
/// Mean square of a call's audio below which it counts as silence (-60 dB), and its weight in the statistics then.
const SILENCE_POWER: f32 = 1e-6;
const SILENCE_WEIGHT: f32 = 1e-4;
/// An end beyond all samples; slices stop at the real end.
const ALL: i64 = i64::MAX / 4;

fn names(name: &str) -> [String; 2] {
    ["past", "present"].map(|when| format!("{when}_{name}"))
}

fn fixed(shape: &[usize]) -> Vec<Dim> {
    shape.iter().map(|&size| Dim::Fixed(size)).collect()
}

impl Builder<'_> {
    /// `past ++ x` along `axis`, of which the newest are remembered: as many as `shape` has. Without a memory: `x`.
    pub fn remembered(&mut self, x: &Edge, name: &str, shape: &[usize], axis: usize) -> Edge {
        if self.memory.is_none() {
            return x.clone();
        }
        let [past, present] = names(name);
        let g = &mut self.graph;
        let past = g.optional_floats(&past, shape);
        let joined = g.op("Concat", &[&past, x], vec![int("axis", signed(axis))]);
        let (ahead, length) = (signed(LOOKAHEAD_FRAMES), signed(shape[axis]));
        let kept = g.slice_fixed(&joined, -(length + ahead), -ahead, signed(axis));
        g.output(&present, &kept, &fixed(shape));
        joined
    }

    /// The scores of attention without remembered frames that never were; `x` is `[1, T, width]`.
    pub fn without_unborn(&mut self, scores: Edge, x: &Edge) -> Edge {
        let Some(memory) = &self.memory else {
            return scores;
        };
        let (known, frames) = (memory.hidden.clone(), memory.frames);
        let hidden = known.unwrap_or_else(|| self.hidden(x, frames));
        if let Some(memory) = &mut self.memory {
            memory.hidden = Some(hidden.clone());
        }
        self.graph.add(&scores, &hidden)
    }

    fn hidden(&mut self, x: &Edge, frames: usize) -> Edge {
        let g = &mut self.graph;
        let column = g.slice_fixed(x, 0, 1, 2);
        let column = g.reshape(&column, &[1, -1]);
        let size = g.op("Shape", &[&column], vec![]);
        let unit = g.floats(&[1], &[1.0]);
        let seen = g.op("Expand", &[&unit, &size], vec![]);
        let seen = self.remembered(&seen, "seen", &[1, frames], 1);
        let g = &mut self.graph;
        let (one, never) = (g.float(1.0), g.float(NEVER));
        let missing = g.op("Sub", &[&seen, &one], vec![]);
        g.mul(&missing, &never)
    }

    /// Prepares [`Self::norm_by_statistics`] for a call with `source` `[1, N]`: how much earlier statistics fade, and
    /// whether its audio counts.
    pub fn fade_statistics(&mut self, source: &Edge) {
        let Some(memory) = &mut self.memory else { return };
        let g = &mut self.graph;
        let size = g.op("Size", &[source], vec![]);
        let size = g.cast(&size, crate::onnx_proto::DataType::Float);
        let constant = g.float(-1.0 / STATISTICS_16K);
        let exponent = g.mul(&size, &constant);
        let fading = g.op("Exp", &[&exponent], vec![]);
        let square = g.mul(source, source);
        let power = g.op("ReduceMean", &[&square], vec![int("keepdims", 0)]);
        let threshold = g.float(SILENCE_POWER);
        let loud = g.op("Greater", &[&power, &threshold], vec![]);
        let (full, little) = (g.float(1.0), g.float(SILENCE_WEIGHT));
        let weight = g.op("Where", &[&loud, &full, &little], vec![]);
        // Earlier speech does not fade in silence.
        let fading = g.op("Where", &[&loud, &fading, &full], vec![]);
        memory.fading = Some([fading, weight]);
    }

    /// Normalizes each channel of an image `[1, C, 1, T]` by its mean and variance over the recent past and this call:
    /// those of one call alone change from call to call. `None` without a memory.
    pub fn norm_by_statistics(
        &mut self,
        x: &Edge,
        (scale, bias): (&Edge, &Edge),
        size: usize,
        epsilon: f32,
    ) -> Option<Edge> {
        let [fading, weight] = self.memory.as_ref()?.fading.clone()?;
        let g = &mut self.graph;
        let square = g.mul(x, x);
        let time = |g: &mut Graph, x: &Edge| {
            let axes = super::super::graph::ints("axes", &[3]);
            g.op("ReduceMean", &[x], vec![axes, int("keepdims", 1)])
        };
        let (mean, mean_square) = (time(g, x), time(g, &square));
        let shape = [1, size, 1, 1];
        // Weighted by the duration of the call; in units of it.
        let shape_of = g.op("Shape", &[x], vec![]);
        let length = g.slice_fixed(&shape_of, 3, ALL, 0);
        let length = g.cast(&length, crate::onnx_proto::DataType::Float);
        let length = g.mul(&length, &weight);
        let total = running(g, "statistics_length", &[1], &length, &fading);
        let sum = |g: &mut Graph, name: &str, value: &Edge| {
            let sum = g.mul(value, &length);
            let sum = running(g, name, &shape, &sum, &fading);
            g.op("Div", &[&sum, &total], vec![])
        };
        let mean = sum(g, "statistics_mean", &mean);
        let mean_square = sum(g, "statistics_square", &mean_square);
        let of_mean = g.mul(&mean, &mean);
        let variance = g.op("Sub", &[&mean_square, &of_mean], vec![]);
        let (zero, epsilon) = (g.float(0.0), g.float(epsilon));
        let variance = g.op("Max", &[&variance, &zero], vec![]);
        let variance = g.add(&variance, &epsilon);
        let deviation = g.op("Sqrt", &[&variance], vec![]);
        let (scale, bias) = (
            g.reshape(scale, &[1, signed(size), 1, 1]),
            g.reshape(bias, &[1, signed(size), 1, 1]),
        );
        let factor = g.op("Div", &[&scale, &deviation], vec![]);
        let shift = g.mul(&mean, &factor);
        let shift = g.op("Sub", &[&bias, &shift], vec![]);
        let y = g.mul(x, &factor);
        Some(g.add(&y, &shift))
    }
}

/// `past * fading + new`, which is remembered.
fn running(g: &mut Graph, name: &str, shape: &[usize], new: &Edge, fading: &Edge) -> Edge {
    let [past, present] = names(name);
    let past = g.optional_floats(&past, shape);
    let faded = g.mul(&past, fading);
    let sum = g.add(&faded, new);
    g.output(&present, &sum, &fixed(shape));
    sum
}
