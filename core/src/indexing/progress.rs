//! How far a long task is, and the request that it end.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Shared between a task and whoever watches it.
#[derive(Debug)]
pub struct Progress {
    stop: AtomicBool,
    fraction_bits: AtomicU32,
    what: Mutex<String>,
    started: Instant,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            stop: AtomicBool::new(false),
            fraction_bits: AtomicU32::new(0),
            what: Mutex::default(),
            started: Instant::now(),
        }
    }
}

impl Progress {
    /// Asks the task to end. What it has encoded so far is kept for the next time.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// True if it shall end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// 0..1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        f32::from_bits(self.fraction_bits.load(Relaxed))
    }

    /// What is being done, in words.
    #[must_use]
    pub fn what(&self) -> String {
        self.what.lock().clone()
    }

    /// Time that is left, if it goes on like this.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let fraction = self.fraction();
        let rest = self.started.elapsed().as_secs_f32() * (1.0 - fraction) / fraction;
        (fraction > 0.01).then(|| Duration::from_secs_f32(rest.clamp(0.0, 1e6)))
    }

    pub(super) fn set(&self, fraction: f32) {
        self.fraction_bits
            .store(fraction.clamp(0.0, 1.0).to_bits(), Relaxed);
    }

    pub(super) fn say(&self, what: impl Into<String>) {
        *self.what.lock() = what.into();
    }
}
