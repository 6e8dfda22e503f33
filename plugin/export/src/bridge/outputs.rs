//! Values of output parameters on their way from the plugin to the host.
//!
//! nice-plug 0.4.2 accepts no parameter values from `process`; the exports send
//! these (`clap/output_events.rs`, `vst3/output_values.rs`). They are written by the plugin
//! and read by the export within one host call, on the audio thread.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Maximum number of values per block: 256 frames of two parameters. A frame lasts 10 ms
/// or more, so no real block needs as many; further values are dropped.
pub(crate) const CAPACITY: usize = 512;

/// A value of an output parameter in the current block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OutputValue {
    /// Sample of the block from which it applies.
    pub offset: u32,
    /// Index in [`OUTPUT_PARAMS`](crate::ExportedPlugin::OUTPUT_PARAMS).
    pub output: usize,
    /// Normalised, 0..=1.
    pub value: f32,
}

#[derive(Default)]
struct Cell {
    offset: AtomicU32,
    output: AtomicUsize,
    value_bits: AtomicU32,
}

/// The current block's values, in the order in which they were published.
pub(crate) struct OutputQueue {
    cells: [Cell; CAPACITY],
    count: AtomicUsize,
}

impl Default for OutputQueue {
    fn default() -> Self {
        Self {
            cells: std::array::from_fn(|_| Cell::default()),
            count: AtomicUsize::new(0),
        }
    }
}

impl OutputQueue {
    /// Export: a host block begins.
    pub fn clear(&self) {
        self.count.store(0, Relaxed);
    }

    /// Plugin: adds a value; dropped if the queue is full.
    pub fn push(&self, value: OutputValue) {
        let count = self.count.load(Relaxed);
        let Some(cell) = self.cells.get(count) else {
            return;
        };
        cell.offset.store(value.offset, Relaxed);
        cell.output.store(value.output, Relaxed);
        cell.value_bits
            .store(value.value.clamp(0.0, 1.0).to_bits(), Relaxed);
        self.count.store(count + 1, Relaxed);
    }

    /// Export: the `n`th value of the block.
    pub fn get(&self, n: usize) -> Option<OutputValue> {
        if n >= self.count.load(Relaxed) {
            return None;
        }
        let cell = self.cells.get(n)?;
        Some(OutputValue {
            offset: cell.offset.load(Relaxed),
            output: cell.output.load(Relaxed),
            value: f32::from_bits(cell.value_bits.load(Relaxed)),
        })
    }

    /// Export: all values of the block.
    pub fn iter(&self) -> impl Iterator<Item = OutputValue> {
        (0..).map_while(|n| self.get(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_capacity_are_dropped_and_the_next_block_starts_empty() {
        let queue = OutputQueue::default();
        for offset in 0..1_000 {
            queue.push(OutputValue {
                offset,
                output: 1,
                value: 0.25,
            });
        }
        let values: Vec<OutputValue> = queue.iter().collect();
        assert_eq!(values.len(), CAPACITY);
        let eighth = OutputValue {
            offset: 7,
            output: 1,
            value: 0.25,
        };
        assert_eq!(values[7], eighth);
        queue.clear();
        assert_eq!(queue.get(0), None);
    }

    #[test]
    fn values_outside_0_to_1_are_clamped() {
        let queue = OutputQueue::default();
        for value in [-0.5, 1.5] {
            queue.push(OutputValue {
                offset: 0,
                output: 0,
                value,
            });
        }
        let values: Vec<f32> = queue.iter().map(|value| value.value).collect();
        assert_eq!(values, [0.0, 1.0]);
    }
}
