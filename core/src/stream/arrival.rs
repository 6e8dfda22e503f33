//! When the host's blocks arrive, noted by the audio thread so that the worker can sleep until the next hop is due.

use super::shared::StreamShared;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The newest block. Both numbers wrap around; only differences of them mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// When it arrived, in microseconds since the stream was created.
    pub at_us: u32,
    /// Input position at its end, at the host's rate.
    pub end_host: u32,
}

impl Arrival {
    pub fn load(cell: &AtomicU64) -> Self {
        let word = cell.load(Relaxed);
        Self {
            at_us: low_half(word >> 32),
            end_host: low_half(word),
        }
    }

    /// In one word, so that no reader sees the time of one block with the position of another.
    fn store(self, cell: &AtomicU64) {
        cell.store(u64::from(self.at_us) << 32 | u64::from(self.end_host), Relaxed);
    }
}

/// The low 32 bits.
pub(super) fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

/// Microseconds since the stream was created.
pub(super) fn micros_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Blocks that follow each other within 1 / `TOGETHER` of their length form a group: one block of the device
/// that the host has split.
const TOGETHER: u64 = 4;
/// The smallest length is forgotten after one or two windows of this many groups.
const WINDOW_GROUPS: u32 = 64;

/// Notes blocks on the audio thread.
///
/// # Real-time
/// Arithmetic and atomic stores.
pub(super) struct ArrivalLog {
    began: Instant,
    rate_hz: u64,
    last_us: u64,
    last_len: u64,
    /// Samples of the current group.
    group_host: u32,
    groups: u32,
    smallest_host: u32,
    smallest_before_host: u32,
}

impl ArrivalLog {
    pub fn new(began: Instant, rate_hz: u32) -> Self {
        Self {
            began,
            rate_hz: u64::from(rate_hz.max(1)),
            last_us: 0,
            last_len: 0,
            group_host: 0,
            groups: 0,
            smallest_host: u32::MAX,
            smallest_before_host: u32::MAX,
        }
    }

    /// A block of `len` samples has arrived; the input position at its end is `end_host`.
    pub fn block(&mut self, shared: &StreamShared, end_host: u64, len: usize) {
        self.block_at(micros_since(self.began), shared, end_host, len as u64);
    }

    fn block_at(&mut self, now_us: u64, shared: &StreamShared, end_host: u64, len: u64) {
        let length_us = self.last_len * 1_000_000 / self.rate_hz;
        if (now_us - self.last_us) * TOGETHER < length_us {
            self.group_host = self.group_host.saturating_add(low_half(len));
        } else {
            self.finish_group(shared);
            self.group_host = low_half(len);
        }
        self.last_us = now_us;
        self.last_len = len;
        let arrival = Arrival {
            at_us: low_half(now_us),
            end_host: low_half(end_host),
        };
        arrival.store(&shared.arrival);
    }

    fn finish_group(&mut self, shared: &StreamShared) {
        if self.group_host == 0 {
            return;
        }
        self.groups += 1;
        if self.groups == WINDOW_GROUPS {
            self.groups = 0;
            self.smallest_before_host = self.smallest_host;
            self.smallest_host = u32::MAX;
        }
        self.smallest_host = self.smallest_host.min(self.group_host);
        let smallest = self.smallest_host.min(self.smallest_before_host);
        shared.smallest_group_host.store(smallest, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest group after these blocks (time in ms, length).
    fn smallest_group(blocks: impl IntoIterator<Item = (u64, u64)>) -> u32 {
        let shared = StreamShared::default();
        let mut log = ArrivalLog::new(Instant::now(), 48_000);
        let mut end = 0;
        for (at_ms, len) in blocks {
            end += len;
            log.block_at(at_ms * 1_000, &shared, end, len);
            let arrival = Arrival::load(&shared.arrival);
            assert_eq!(
                (arrival.at_us, arrival.end_host),
                (low_half(at_ms * 1_000), low_half(end))
            );
        }
        shared.smallest_group_host.load(Relaxed)
    }

    #[test]
    fn a_device_block_that_the_host_cuts_counts_as_one_group() {
        assert_eq!(smallest_group((0..40).map(|n| (10 * n, 480))), 480);
        let cut = (0..40).flat_map(|n| [480, 480, 64].map(|len| (21 * n, len)));
        assert_eq!(smallest_group(cut), 1_024);
    }

    #[test]
    fn a_small_group_is_forgotten_after_two_windows() {
        let blocks = |count: u64| (0..count).map(|n| (10 * n, if n == 3 { 32 } else { 480 }));
        assert_eq!(smallest_group(blocks(60)), 32);
        assert_eq!(smallest_group(blocks(300)), 480);
    }
}
