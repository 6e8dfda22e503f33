//! Decides whether a start of processing continues the stream or follows a gap.
//!
//! Hosts also stop and start processing without a gap in their timeline, some of them around
//! every block. nice-plug resets the plugin at every start, and a stream that is reset
//! more often than once per latency never produces sound. So the plugin ignores those resets
//! (`Bridge::must_start_over`), and the export decides at the first block after a start.

use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// An unknown time.
const UNKNOWN: i64 = i64::MIN;

/// What starts with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// Nothing: processing continues.
    Nothing,
    /// Processing: it continues where it stopped.
    Processing,
    /// The stream: it starts over.
    Stream,
}

/// One per instance.
pub(crate) struct Continuity {
    /// Processing was started, and no block has been processed since.
    started: AtomicBool,
    /// The host's time at which the next block begins if there is no gap.
    expected: AtomicI64,
    /// Samples processed since the last start.
    run: AtomicU64,
}

impl Default for Continuity {
    fn default() -> Self {
        Self {
            started: AtomicBool::new(false),
            expected: AtomicI64::new(UNKNOWN),
            run: AtomicU64::new(0),
        }
    }
}

impl Continuity {
    /// Processing starts. Any thread.
    pub fn start(&self) {
        self.started.store(true, SeqCst);
    }

    /// The stream starts over for another reason: an activation, or a reset by the host.
    pub fn restart(&self) {
        self.started.store(false, SeqCst);
        self.expected.store(UNKNOWN, Relaxed);
        self.run.store(0, Relaxed);
    }

    /// Call at the start of each block. `time`: its position in samples on a clock that never stops;
    /// `None` if the host has none.
    ///
    /// If the time before or after a start is unknown, the stream continues where processing had
    /// run for fewer than `max_run_samples`; `u64::MAX`: always.
    ///
    /// # Real-time
    /// Atomic loads and stores.
    pub fn begin_block(&self, time: Option<i64>, len: u32, max_run_samples: u64) -> Begins {
        let expected = self.expected.load(Relaxed);
        let mut run = self.run.load(Relaxed);
        let mut begins = Begins::Nothing;
        if self.started.swap(false, SeqCst) {
            let is_gap = match time {
                Some(time) if expected != UNKNOWN => time != expected,
                _ => run >= max_run_samples,
            };
            begins = if is_gap {
                Begins::Stream
            } else {
                Begins::Processing
            };
            run = 0;
        }
        self.run.store(run.saturating_add(u64::from(len)), Relaxed);
        let next = time.map_or(UNKNOWN, |time| time.saturating_add(i64::from(len)));
        self.expected.store(next, Relaxed);
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: u64 = u64::MAX;

    #[test]
    fn start_at_the_expected_time_continues_and_at_another_starts_over() {
        let continuity = Continuity::default();
        let started_at = |time, max_run_samples| {
            continuity.start();
            continuity.begin_block(Some(time), 480, max_run_samples)
        };
        assert_eq!(started_at(1_000, ALWAYS), Begins::Processing, "the first block");
        assert_eq!(started_at(1_480, 0), Begins::Processing, "no gap");
        assert_eq!(started_at(3_000, ALWAYS), Begins::Stream, "a gap");
        let jump = continuity.begin_block(Some(9_000), 480, ALWAYS);
        assert_eq!(jump, Begins::Nothing, "a jump without a start");
        assert_eq!(started_at(0, ALWAYS), Begins::Stream, "a jump back");
    }

    #[test]
    fn start_at_an_unknown_time_starts_over_only_after_a_long_run() {
        let continuity = Continuity::default();
        let block = || continuity.begin_block(None, 480, 960);
        for _ in 0..10 {
            continuity.start();
            assert_eq!(block(), Begins::Processing, "started around every block");
        }
        assert_eq!(block(), Begins::Nothing);
        continuity.start();
        // Some hosts start twice.
        continuity.start();
        assert_eq!(block(), Begins::Stream, "after 960 samples");
        for _ in 0..10 {
            assert_eq!(block(), Begins::Nothing);
        }
        continuity.start();
        assert_eq!(continuity.begin_block(None, 480, ALWAYS), Begins::Processing);
    }

    #[test]
    fn activation_makes_the_time_unknown() {
        let continuity = Continuity::default();
        continuity.begin_block(Some(0), 480, ALWAYS);
        continuity.start();
        continuity.restart();
        assert_eq!(continuity.begin_block(Some(7), 480, ALWAYS), Begins::Nothing);
    }
}
