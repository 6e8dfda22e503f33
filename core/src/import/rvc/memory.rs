//! What the graph of a stream remembers: inputs `past_…` with zeros as initial values, and outputs `present_…` for the
//! next call.
//!
//! A call gets `T` frames, of which the first `hop_frames` are new. The others lie ahead: they are looked at, and given
//! again in the next call, so nothing of them is remembered.

use super::super::graph::{Dim, Edge, Graph, signed};
use crate::onnx_proto::DataType;
use std::collections::HashMap;

/// Values on which the graph's slices depend.
pub struct Memory {
    /// New frames of this call, i64 `[1]`.
    hop_frames: Edge,
    /// 1 in the first call of a stream, else 0; i64 `[1]`.
    pub first: Edge,
    /// Ends of the new frames by (samples per frame, samples added).
    ends: HashMap<(usize, usize), Edge>,
}

impl Memory {
    /// Adds the input `hop_frames` and the memory of whether the stream has begun.
    pub fn new(graph: &mut Graph) -> Self {
        let hop_frames = graph.input("hop_frames", DataType::Int64, &[Dim::Fixed(1)]);
        let begun = graph.optional_floats("past_begun", &[1]);
        let begun = graph.cast(&begun, DataType::Int64);
        let one = graph.ints(&[1]);
        let first = graph.op("Sub", &[&one, &begun], vec![]);
        let begun = graph.floats(&[1], &[1.0]);
        graph.output("present_begun", &begun, &[Dim::Fixed(1)]);
        Self {
            hop_frames,
            first,
            ends: HashMap::new(),
        }
    }

    /// The new frames' length in samples, plus `added`; i64 `[1]`.
    pub fn end(&mut self, graph: &mut Graph, per_frame: usize, added: usize) -> Edge {
        if let Some(end) = self.ends.get(&(per_frame, added)) {
            return end.clone();
        }
        let (factor, more) = (graph.ints(&[signed(per_frame)]), graph.ints(&[signed(added)]));
        let end = graph.mul(&self.hop_frames, &factor);
        let end = graph.add(&end, &more);
        self.ends.insert((per_frame, added), end.clone());
        end
    }
}
