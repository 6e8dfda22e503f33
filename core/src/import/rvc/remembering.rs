//! Tensors of which the newest part is remembered for the next call.

use super::super::graph::{Dim, Edge, int, signed};
use super::builder::{Builder, TIME};

/// An end beyond all samples; slices stop at the real end.
const ALL: i64 = i64::MAX / 4;

impl Builder<'_> {
    /// `past ++ x`, images of `channels`; the `length` samples before the new frames' end are remembered.
    pub fn remembered(
        &mut self,
        x: &Edge,
        name: &str,
        channels: usize,
        length: usize,
        per_frame: usize,
    ) -> Edge {
        self.remembered_along(x, name, &[1, channels, 1, length], TIME, per_frame)
    }

    /// As [`Self::remembered`], of a tensor whose `axis` is time. Without a memory: `x`.
    pub fn remembered_along(
        &mut self,
        x: &Edge,
        name: &str,
        shape: &[usize],
        axis: i64,
        per_frame: usize,
    ) -> Edge {
        let Some(memory) = &mut self.memory else {
            return x.clone();
        };
        let length = usize::try_from(axis).map_or(0, |axis| shape[axis]);
        let g = &mut self.graph;
        let past = g.optional_floats(&past(name), shape);
        let joined = g.op("Concat", &[&past, x], vec![int("axis", axis)]);
        let (start, end) = (memory.end(g, per_frame, 0), memory.end(g, per_frame, length));
        let kept = g.slice(&joined, &start, &end, axis);
        g.output(&present(name), &kept, &fixed(shape));
        joined
    }

    /// As [`Self::remembered`], of samples of which none lie ahead. The first call does not see the oldest `unborn`
    /// of the remembered samples: there the stream has not begun.
    pub fn remembered_late(
        &mut self,
        x: &Edge,
        name: &str,
        channels: usize,
        length: usize,
        unborn: usize,
    ) -> Edge {
        if length == 0 {
            return x.clone();
        }
        let shape = [1, channels, 1, length];
        let past = self.graph.optional_floats(&past(name), &shape);
        let past = if unborn == 0 {
            past
        } else {
            self.slice_from(&past, 0, unborn, ALL)
        };
        let joined = self.graph.op("Concat", &[&past, x], vec![int("axis", TIME)]);
        let kept = self.graph.slice_fixed(&joined, -signed(length), ALL, TIME);
        self.graph.output(&present(name), &kept, &fixed(&shape));
        joined
    }

    /// The samples from `start` (in the first call from `at_first`) to `end`.
    pub fn slice_from(&mut self, x: &Edge, start: usize, at_first: usize, end: i64) -> Edge {
        let start = self.start(start, at_first);
        let end = self.graph.ints(&[end]);
        self.graph.slice(x, &start, &end, TIME)
    }

    /// `start`, in the first call `at_first`; i64 `[1]`.
    pub fn start(&mut self, start: usize, at_first: usize) -> Edge {
        let usual = self.graph.ints(&[signed(start)]);
        let Some(memory) = self.memory.as_ref().filter(|_| start != at_first) else {
            return usual;
        };
        let moved = self.graph.ints(&[signed(at_first) - signed(start)]);
        let moved = self.graph.mul(&memory.first, &moved);
        self.graph.add(&usual, &moved)
    }

    /// End of the new frames in samples, plus `added`; i64 `[1]`. Without a memory: an end beyond all samples.
    pub fn end_of_hop(&mut self, per_frame: usize, added: usize) -> Edge {
        match &mut self.memory {
            Some(memory) => memory.end(&mut self.graph, per_frame, added),
            None => self.graph.ints(&[ALL]),
        }
    }
}

fn past(name: &str) -> String {
    format!("past_{}", name.replace('.', "_"))
}

fn present(name: &str) -> String {
    format!("present_{}", name.replace('.', "_"))
}

fn fixed(shape: &[usize]) -> Vec<Dim> {
    shape.iter().map(|&size| Dim::Fixed(size)).collect()
}
