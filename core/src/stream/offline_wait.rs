//! How long an offline render waits for a worker that does not respond.

use super::shared::StreamShared;
use crate::sync::{Arc, Ordering::Relaxed, wait_a_little};
use std::time::{Duration, Instant};

/// A worker without a heartbeat for this long is considered dead: no hop takes a tenth
/// of this time. With a longer timeout the host would seem to hang.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time counted per check: while the machine sleeps or a debugger stops the
/// program, the worker does not run either.
const MAX_STEP: Duration = Duration::from_millis(50);
/// Longest wait for a worker that has a heartbeat but sends no hop; longer than the worker
/// waits for a voice to load.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Waiting state of one stream.
pub(super) struct OfflineWait {
    shared: Arc<StreamShared>,
    /// The heartbeat count at which waiting was abandoned; until it changes there is
    /// no more waiting.
    abandoned_at: Option<u32>,
}

/// One wait in progress.
pub(super) struct Wait {
    last_check: Instant,
    heartbeat: u32,
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
            last_check: Instant::now(),
            heartbeat: self.shared.heartbeat.load(Relaxed),
            since_heartbeat: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Waits a little. False if waiting is abandoned.
    pub(super) fn keep_waiting(&mut self, wait: &mut Wait) -> bool {
        let heartbeat = self.shared.heartbeat.load(Relaxed);
        if self.abandoned_at == Some(heartbeat) {
            return false;
        }
        self.abandoned_at = None;
        let now = Instant::now();
        let passed = (now - wait.last_check).min(MAX_STEP);
        wait.last_check = now;
        wait.waited += passed;
        wait.since_heartbeat = if heartbeat == wait.heartbeat {
            wait.since_heartbeat + passed
        } else {
            Duration::ZERO
        };
        wait.heartbeat = heartbeat;
        if wait.since_heartbeat >= HEARTBEAT_TIMEOUT || wait.waited >= MAX_WAIT {
            self.abandoned_at = Some(heartbeat);
            self.shared.abandoned_waits.fetch_add(1, Relaxed);
            return false;
        }
        wait_a_little();
        true
    }
}
