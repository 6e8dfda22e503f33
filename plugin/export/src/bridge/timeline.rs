//! Position of a host block in the stream, and the samples of it at which the
//! plugin reads its controls.
//!
//! nice-plug 0.4.2 calls the plugin for parts of a block without their
//! positions. The plugin writes and the export reads within one host call, on
//! the audio thread; the fields are atomic so that this needs no proof.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The samples at which controls are read: `floor((n * step + offset) * numerator / denominator)` since the reset, for every
/// `n` from 0 on. The fraction is 1 / 1 unless the plugin computes at another rate than the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlGrid {
    /// Steps from one reading to the next.
    pub step: u32,
    /// Steps to the first one.
    pub offset: u32,
    /// Samples per `denominator` steps.
    pub numerator: u64,
    /// See `numerator`.
    pub denominator: u64,
}

/// Positions in samples at the host's rate, counted since the last reset.
#[derive(Default)]
pub(crate) struct Timeline {
    /// Next sample that the plugin processes.
    position: AtomicU64,
    /// First sample of the host's block.
    block_start: AtomicU64,
    /// See [`ControlGrid`]; a step of 0: controls are never read.
    grid_step: AtomicU32,
    grid_offset: AtomicU32,
    grid_numerator: AtomicU64,
    grid_denominator: AtomicU64,
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

    /// Plugin: sets the samples at which controls are read; `None`: never.
    pub fn set_control_grid(&self, grid: Option<ControlGrid>) {
        let grid = grid.unwrap_or(ControlGrid {
            step: 0,
            offset: 0,
            numerator: 1,
            denominator: 1,
        });
        self.grid_offset.store(grid.offset, Relaxed);
        self.grid_numerator.store(grid.numerator, Relaxed);
        self.grid_denominator.store(grid.denominator, Relaxed);
        self.grid_step.store(grid.step, Relaxed);
    }

    /// The offset of a position in the block; 0 for positions before the block.
    pub fn offset_in_block(&self, position: u64) -> u32 {
        u32::try_from(position.saturating_sub(self.block_start.load(Relaxed))).unwrap_or(0)
    }

    /// Export: ascending offsets from the start of the block at which
    /// controls are read. Endless; empty if they are never read.
    pub fn control_grid(&self) -> impl Iterator<Item = u32> + Clone {
        let step = u128::from(self.grid_step.load(Relaxed));
        let offset = u128::from(self.grid_offset.load(Relaxed));
        let numerator = u128::from(self.grid_numerator.load(Relaxed).max(1));
        let denominator = u128::from(self.grid_denominator.load(Relaxed).max(1));
        let start = u128::from(self.block_start.load(Relaxed));
        // The first position on the grid that is not before the block.
        let place = (start * denominator).div_ceil(numerator);
        let first = (step > 0).then(|| place.saturating_sub(offset).div_ceil(step.max(1)));
        let at = move |n: u128| (n * step + offset) * numerator / denominator - start;
        std::iter::successors(first, |n| n.checked_add(1)).map_while(move |n| u32::try_from(at(n)).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_of_480_at_240_selects_the_same_stream_samples_wherever_blocks_begin() {
        let timeline = Timeline::default();
        assert_eq!(timeline.control_grid().next(), None);
        timeline.set_control_grid(Some(ControlGrid {
            step: 480,
            offset: 240,
            numerator: 1,
            denominator: 1,
        }));
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
    fn grid_between_samples_is_the_sample_before_wherever_blocks_begin() {
        let timeline = Timeline::default();
        timeline.set_control_grid(Some(ControlGrid {
            step: 224,
            offset: 112,
            numerator: 22_050,
            denominator: 22_400,
        }));
        let places: Vec<u64> = (0..5_000).map(|n| (224 * n + 112) * 22_050 / 22_400).collect();
        for start in [0, 1, 110, 111, 330, 331, 999_983] {
            timeline.set_position(start);
            timeline.begin_block();
            let grid = timeline.control_grid().take(3);
            let seen: Vec<u64> = grid.map(|at| start + u64::from(at)).collect();
            let expected: Vec<u64> = places.iter().copied().filter(|&at| at >= start).take(3).collect();
            assert_eq!(seen, expected, "{start}");
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
