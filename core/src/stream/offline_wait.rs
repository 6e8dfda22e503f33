//! How long an offline render waits for a worker that does not answer.

use super::shared::StreamShared;
use crate::sync::{Arc, Ordering::Relaxed, wait_a_little};
use std::time::{Duration, Instant};

/// A worker that shows no sign of life for so long will not answer any more: no
/// hop takes a tenth of it. Longer, and a person would think that the host hangs.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Most that one wait counts for: where a machine sleeps or a program is stopped
/// in a debugger, the worker had no time either.
const MOST_AT_A_TIME: Duration = Duration::from_millis(50);
/// A worker that lives and yet does not deliver; it waits for a voice that is
/// being loaded for less.
const LONGEST: Duration = Duration::from_secs(60);

/// One of these for each stream.
pub(super) struct OfflineWait {
    shared: Arc<StreamShared>,
    /// The sign of life at which it ran out; until there is another, nothing is
    /// waited for any more.
    abandoned_at: Option<u32>,
}

/// One wait, from its first look on.
pub(super) struct Wait {
    looked: Instant,
    sign: u32,
    since_heartbeat: Duration,
    waited: Duration,
}

impl OfflineWait {
    pub(super) fn new(shared: Arc<StreamShared>) -> Self {
        Self {
            shared,
            abandoned_at: None,
        }
    }

    pub(super) fn begin(&self) -> Wait {
        Wait {
            looked: Instant::now(),
            sign: self.shared.heartbeat.load(Relaxed),
            since_heartbeat: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Waits a little. False if there is no point in waiting on.
    pub(super) fn holds(&mut self, wait: &mut Wait) -> bool {
        let sign = self.shared.heartbeat.load(Relaxed);
        if self.abandoned_at == Some(sign) {
            return false;
        }
        self.abandoned_at = None;
        let now = Instant::now();
        let passed = (now - wait.looked).min(MOST_AT_A_TIME);
        wait.looked = now;
        wait.waited += passed;
        wait.since_heartbeat = if sign == wait.sign {
            wait.since_heartbeat + passed
        } else {
            Duration::ZERO
        };
        wait.sign = sign;
        if wait.since_heartbeat >= HEARTBEAT_TIMEOUT || wait.waited >= LONGEST {
            self.abandoned_at = Some(sign);
            self.shared.abandoned_waits.fetch_add(1, Relaxed);
            return false;
        }
        wait_a_little();
        true
    }
}
