//! Whether the host renders faster than the clock runs.

use std::time::Instant;

/// Where a stream runs ahead of the clock by this much, nobody listens live
/// and waiting for the worker costs nothing. No driver's burst comes near.
const AHEAD_SECONDS: f64 = 0.5;
/// How much faster than our clock a sound card may run without counting as
/// ahead: its drift must not add up to a wait, however long the session.
const CLOCK_TOLERANCE: f64 = 1.02;

/// Compares the stream's position with the clock.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the stream was at which sample; the clock is followed from there.
    since: Option<(Instant, u64)>,
}

impl Pace {
    /// Starts over.
    pub fn reset(&mut self) {
        self.since = None;
    }

    /// True if the stream, `len` samples after `position`, is further ahead of the clock
    /// than any driver's burst. Reads the clock, which is no system call on Linux.
    pub fn is_ahead(&mut self, position: u64, len: usize, rate_hz: f64) -> bool {
        let now = Instant::now();
        let (since, from) = *self.since.get_or_insert((now, position));
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let ahead =
            (position - from + len as u64) as f64 / rate_hz - (now - since).as_secs_f64() * CLOCK_TOLERANCE;
        if ahead < 0.0 {
            self.since = Some((now, position));
        }
        ahead > AHEAD_SECONDS
    }
}
