//! What the worker does after a panic outside of a voice's own hop: it says so, and the next
//! turn, hop and command work.

use super::attempt::Interrupted;
use super::{NextStep, Worker};
use crate::control_state::VoiceState;
use crate::panics::caught;
use crate::worker::pipeline::Chain;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// A turn that panics every time must not take a whole core.
const PAUSE_AFTER_PANIC: Duration = Duration::from_millis(1);

impl Worker {
    /// Goes on after a panic.
    pub(super) fn recover(&mut self, what: Interrupted, why: &str) -> NextStep {
        tracing::error!("the worker goes on after an internal error: {why}");
        let message = match what {
            Interrupted::Swap => format!("the voice could not be started, an internal error: {why}"),
            Interrupted::Hop | Interrupted::Turn => {
                format!("the engine went on after an internal error, with a gap: {why}")
            }
        };
        *self.status.message.lock() = Some(message.clone());
        if what == Interrupted::Hop {
            self.status.failed_hops.fetch_add(1, Relaxed);
            self.good_hops = 0;
            let chains = self.active.iter_mut().chain(&mut self.incoming);
            // A voice that panics even here has already been reported.
            let _ = caught(|| chains.for_each(Chain::restart));
        }
        if what == Interrupted::Swap {
            self.control.running.lock().reverted();
        }
        self.publish_running_voice(what == Interrupted::Swap, message);
        NextStep::Wait(PAUSE_AFTER_PANIC)
    }

    /// Publishes which voice there is now; without one, that it failed because of `why`.
    fn publish_running_voice(&self, was_swap: bool, why: String) {
        let chain = self.incoming.as_ref().or(self.active.as_ref());
        let voice = chain.map(Chain::voice).or(self.idle_voice.as_ref());
        let mut state = self.control.voice.lock();
        // A load that goes on publishes its own end.
        let is_shown = was_swap || matches!(*state, VoiceState::Ready { .. });
        match voice {
            Some(voice) if is_shown => {
                *state = VoiceState::Ready {
                    name: voice.name.clone(),
                };
                drop(state);
                self.publish_targets(voice);
            }
            None if is_shown => *state = VoiceState::Failed { why },
            _ => {}
        }
    }
}
