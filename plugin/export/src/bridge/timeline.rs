//! Position of a host block in the stream, and the samples of it at which the
//! plugin reads its controls.
//!
//! nice-plug 0.4.2 calls the plugin for parts of a block without their
//! positions. The plugin writes and the export reads within one host call, on
//! the audio thread; the fields are atomic so that this needs no proof.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Positions in samples at the host's rate, counted since the last reset.
#[derive(Default)]
pub(crate) struct Timeline {
    /// Next sample that the plugin processes.
    position: AtomicU64,
    /// First sample of the host's block.
    block_start: AtomicU64,
    /// Interval of control reads in samples (0: never).
    grid_step: AtomicU32,
    /// Sample of each interval at which controls are read.
    grid_offset: AtomicU32,
}

impl Timeline {
    /// Export: a host block begins.
    pub fn begin_block(&self) {
        self.block_start.store(self.position.load(Relaxed), Relaxed);
    }

    /// Plugin: sets the next sample to process.
    pub fn set_position(&self, position: u64) {
        self.position.store(position, Relaxed);
    }

    /// Plugin: controls are read every `step` samples, at sample `offset` of each
    /// step; `None`: never.
    pub fn set_control_grid(&self, grid: Option<(u32, u32)>) {
        let (step, offset) = grid.unwrap_or_default();
        self.grid_step.store(step, Relaxed);
        self.grid_offset.store(offset, Relaxed);
    }

    /// The offset of a position in the block; 0 for positions before the block.
    pub fn offset_in_block(&self, position: u64) -> u32 {
        u32::try_from(position.saturating_sub(self.block_start.load(Relaxed))).unwrap_or(0)
    }

    /// Export: ascending offsets from the start of the block at which
    /// controls are read. Endless; empty if they are never read.
    pub fn control_grid(&self) -> impl Iterator<Item = u32> + Clone {
        let step = self.grid_step.load(Relaxed);
        let offset = self.grid_offset.load(Relaxed);
        let first = self
            .block_start
            .load(Relaxed)
            .checked_rem(u64::from(step))
            .and_then(|into| u32::try_from(into).ok())
            .map(|into| (offset + step - into) % step);
        std::iter::successors(first, move |at| at.checked_add(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_of_480_at_240_selects_the_same_stream_samples_wherever_blocks_begin() {
        let timeline = Timeline::default();
        assert_eq!(timeline.control_grid().next(), None);
        timeline.set_control_grid(Some((480, 240)));
        for start in [0, 1, 240, 241, 479, 480, 999_983] {
            timeline.set_position(start);
            timeline.begin_block();
            let grid = timeline.control_grid().take(3);
            let seen: Vec<u64> = grid.map(|at| start + u64::from(at)).collect();
            let first = (start..).find(|at| at % 480 == 240).unwrap_or(0);
            assert_eq!(seen, [first, first + 480, first + 960]);
        }
    }

    #[test]
    fn position_before_the_block_has_offset_0() {
        let timeline = Timeline::default();
        timeline.set_position(1_000);
        timeline.begin_block();
        assert_eq!(timeline.offset_in_block(1_007), 7);
        assert_eq!(timeline.offset_in_block(999), 0);
    }
}
