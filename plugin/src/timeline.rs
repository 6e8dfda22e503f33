//! What the plugin and the export around it tell each other about a block:
//! where it lies on the stream's timeline, and which frames were heard in it.
//!
//! nice-plug passes neither on: it calls the plugin for parts of a block without
//! saying where they lie, and takes no parameter values back while audio runs.
//! The plugin writes and the export reads within one call of the host's, on the
//! audio thread; all is atomic so that nobody has to prove it.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use voxmeld_core::rt::Told;

/// Frames that can be told of in a block: one has 20 ms, so this is more than
/// any block that the engine takes.
const CAPACITY: usize = 256;

/// A frame that was heard in the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Sample of the block at which its middle is heard.
    pub offset: u32,
    /// The ratio that was applied to it, 0..=1.
    pub ratio: f32,
    /// How far its neighbours could be relied on, 0..=1.
    pub confidence: f32,
}

#[derive(Default)]
struct Cell {
    offset: AtomicU32,
    ratio: AtomicU32,
    confidence: AtomicU32,
}

/// See the module's text.
pub struct Timeline {
    /// First sample of what is processed next, counted since the reset.
    position: AtomicU64,
    /// First sample of the host's block.
    block_start: AtomicU64,
    /// Controls are read every so many samples (0: never) ...
    grid_step: AtomicU32,
    /// ... at this one of them.
    grid_offset: AtomicU32,
    heard: [Cell; CAPACITY],
    count: AtomicUsize,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            position: AtomicU64::new(0),
            block_start: AtomicU64::new(0),
            grid_step: AtomicU32::new(0),
            grid_offset: AtomicU32::new(0),
            heard: std::array::from_fn(|_| Cell::default()),
            count: AtomicUsize::new(0),
        }
    }
}

thread_local! {
    static NEWEST: RefCell<Option<Arc<Timeline>>> = const { RefCell::new(None) };
}

impl Timeline {
    /// A plugin's own. nice-plug gives no access to the plugin that it makes, so
    /// a reference is left for the export that asked for it, see [`take_newest`].
    #[must_use]
    pub fn for_plugin() -> Arc<Self> {
        let timeline = Arc::new(Self::default());
        NEWEST.set(Some(timeline.clone()));
        timeline
    }

    /// Export: a block of the host's begins.
    pub fn begin_block(&self) {
        self.block_start.store(self.position.load(Relaxed), Relaxed);
        self.count.store(0, Relaxed);
    }

    /// Plugin: the stream stands at this sample.
    pub fn set_position(&self, position: u64) {
        self.position.store(position, Relaxed);
    }

    /// Plugin: where controls are read, see
    /// [`AudioSide::control_grid`](voxmeld_core::rt::AudioSide::control_grid).
    pub fn set_grid(&self, grid: Option<(u32, u32)>) {
        let (step, offset) = grid.unwrap_or_default();
        self.grid_step.store(step, Relaxed);
        self.grid_offset.store(offset, Relaxed);
    }

    /// Plugin: a frame was heard.
    pub fn tell(&self, told: &Told) {
        let start = self.block_start.load(Relaxed);
        let count = self.count.load(Relaxed);
        let Some(cell) = self.heard.get(count) else {
            return;
        };
        let offset = u32::try_from(told.position.saturating_sub(start)).unwrap_or(0);
        cell.offset.store(offset, Relaxed);
        cell.ratio.store(told.ratio.to_bits(), Relaxed);
        cell.confidence.store(told.confidence.to_bits(), Relaxed);
        self.count.store(count + 1, Relaxed);
    }

    /// Export: the `n`th frame that was heard in the block.
    #[must_use]
    pub fn heard(&self, n: usize) -> Option<Heard> {
        if n >= self.count.load(Relaxed) {
            return None;
        }
        let cell = self.heard.get(n)?;
        Some(Heard {
            offset: cell.offset.load(Relaxed),
            ratio: f32::from_bits(cell.ratio.load(Relaxed)),
            confidence: f32::from_bits(cell.confidence.load(Relaxed)),
        })
    }

    /// Export: samples of the block, from its first on, at which controls are
    /// read. Endless; none where nothing is read.
    pub fn grid(&self) -> impl Iterator<Item = u32> + Clone {
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

/// The timeline of the plugin that this thread made last; once.
#[must_use]
pub fn take_newest() -> Option<Arc<Timeline>> {
    NEWEST.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_that_of_the_stream_wherever_blocks_begin() {
        let timeline = Timeline::default();
        assert_eq!(timeline.grid().next(), None);
        timeline.set_grid(Some((480, 240)));
        for start in [0, 1, 240, 241, 479, 480, 999_983] {
            timeline.set_position(start);
            timeline.begin_block();
            let seen: Vec<u64> = timeline.grid().take(3).map(|at| start + u64::from(at)).collect();
            let first = (start..).find(|at| at % 480 == 240).unwrap_or(0);
            assert_eq!(seen, [first, first + 480, first + 960]);
        }
    }

    #[test]
    fn frames_are_told_by_their_place_in_the_block_and_no_more_than_fit() {
        let timeline = Timeline::for_plugin();
        let export = take_newest().expect("left for the export");
        assert!(take_newest().is_none());
        timeline.set_position(1_000);
        export.begin_block();
        for n in 0..2 * CAPACITY as u64 {
            timeline.tell(&Told {
                position: 1_007 + n,
                ratio: 0.5,
                confidence: 0.25,
            });
        }
        let heard: Vec<Heard> = (0..).map_while(|n| export.heard(n)).collect();
        assert_eq!(heard.len(), CAPACITY);
        let first = Heard {
            offset: 7,
            ratio: 0.5,
            confidence: 0.25,
        };
        assert_eq!(heard[0], first);
        export.begin_block();
        assert_eq!(export.heard(0), None);
    }
}
