//! How far the stream runs ahead of the clock, and how much of that may be spent waiting.
//!
//! A live host calls when a block has arrived: apart from jitter, the stream's lead over the clock is constant.
//! Hosts that render ahead (anticipative rendering, large device buffers cut into small blocks) call several
//! times in a row and then pause: the later blocks of such a burst are not played until the pause is over, so
//! that time may be spent waiting for the worker. In an offline render the lead grows without limit.

use std::time::{Duration, Instant};

/// A lead this large cannot be a driver's burst: the host renders offline, even if it did not announce that.
const RENDER_LEAD_S: f64 = 0.5;
/// The lead is measured against the smallest one of the last one to two such windows, so that a sound card whose
/// clock differs from the system's (1000 ppm: 2 ms) never adds up to a lead.
const WINDOW: Duration = Duration::from_secs(1);
/// Jitter of a live host's callbacks that does not count as a lead: at least this,
const JITTER_S: f64 = 0.005;
/// and at least this share of the largest block, since hosts alternate between two buffers.
const JITTER_BLOCKS: f64 = 0.5;

/// How a block relates to the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lead {
    /// The stream runs far ahead of the clock: an offline render.
    pub is_render: bool,
    /// Longest time, in seconds, to wait for the worker in this block; 0 in a live stream.
    pub spare_s: f64,
}

/// Compares the stream's position with the clock.
#[derive(Debug, Default)]
pub struct Pace {
    window: Option<Window>,
}

/// Smallest leads, in seconds since `began`.
#[derive(Debug)]
struct Window {
    began: Instant,
    from: u64,
    switched: Instant,
    smallest_s: f64,
    smallest_before_s: f64,
    largest_block_s: f64,
}

impl Pace {
    /// Starts over.
    pub fn reset(&mut self) {
        self.window = None;
    }

    /// The lead of a block of `len` samples at `position`. Reads the monotonic clock, which is not a system call
    /// on Linux.
    pub fn lead(&mut self, position: u64, len: usize, rate_hz: f64) -> Lead {
        self.lead_at(Instant::now(), position, len, rate_hz)
    }

    fn lead_at(&mut self, now: Instant, position: u64, len: usize, rate_hz: f64) -> Lead {
        let window = self.window.get_or_insert(Window {
            began: now,
            from: position,
            switched: now,
            smallest_s: f64::MAX,
            smallest_before_s: f64::MAX,
            largest_block_s: 0.0,
        });
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let (played_s, block_s) = (
            (position - window.from + len as u64) as f64 / rate_hz,
            len as f64 / rate_hz,
        );
        // A block has arrived when its last sample has, so blocks of any length are compared by their ends.
        let lead_s = played_s - now.saturating_duration_since(window.began).as_secs_f64();
        if now.saturating_duration_since(window.switched) >= WINDOW {
            window.switched = now;
            window.smallest_before_s = window.smallest_s;
            window.smallest_s = lead_s;
        }
        window.smallest_s = window.smallest_s.min(lead_s);
        window.largest_block_s = window.largest_block_s.max(block_s);
        let ahead_s = lead_s - window.smallest_s.min(window.smallest_before_s);
        let jitter_s = JITTER_S.max(window.largest_block_s * JITTER_BLOCKS);
        Lead {
            is_render: ahead_s > RENDER_LEAD_S,
            spare_s: (ahead_s - jitter_s).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 48_000.0;

    /// Leads of blocks of `len` samples that are called at these times (ms).
    fn leads(len: usize, calls_ms: impl IntoIterator<Item = f64>) -> Vec<Lead> {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let call = |(n, at_ms): (usize, f64)| {
            let now = start + Duration::from_secs_f64(at_ms / 1000.0);
            pace.lead_at(now, (n * len) as u64, len, RATE_HZ)
        };
        calls_ms.into_iter().enumerate().map(call).collect()
    }

    #[test]
    fn live_blocks_with_jitter_and_a_clock_1000_ppm_off_have_no_spare_time() {
        for (ppm, jitter_ms) in [(1_000.0, 2.0), (-1_000.0, 2.0), (0.0, 4.0)] {
            let calls = (0..60_000).map(|n| {
                let jitter = if n % 7 == 3 { jitter_ms } else { 0.0 };
                f64::from(n) * 10.0 * (1.0 - ppm * 1e-6) + jitter
            });
            let leads = leads(480, calls);
            assert!(leads.iter().all(|lead| lead.spare_s <= 0.0 && !lead.is_render));
        }
    }

    #[test]
    fn later_blocks_of_a_burst_have_the_time_until_they_are_due_less_the_jitter() {
        // Five blocks of 10 ms at once, then a pause.
        let calls = (0..500).map(|n| f64::from(n / 5) * 50.0);
        let leads = leads(480, calls);
        for (n, lead) in leads.iter().enumerate() {
            let expected = ((n % 5) as f64 * 0.010 - 0.005).max(0.0);
            assert!((lead.spare_s - expected).abs() < 1e-6, "{n}: {lead:?}");
            assert!(!lead.is_render);
        }
    }

    #[test]
    fn a_render_at_twice_real_time_is_detected_within_a_second_and_stays_detected() {
        let leads = leads(480, (0..3_000).map(|n| f64::from(n) * 5.0));
        assert!(!leads[0].is_render);
        assert!(leads[110..].iter().all(|lead| lead.is_render));
    }

    #[test]
    fn a_host_that_paused_3_s_is_live_at_once() {
        // A break of 3 s in a debugger; the host does not catch up.
        let calls = (0..2_000).map(|n| f64::from(n) * 10.0 + if n > 500 { 3_000.0 } else { 0.0 });
        assert!(leads(480, calls).iter().all(|lead| lead.spare_s <= 0.0));
    }
}
