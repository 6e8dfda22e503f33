//! Restarts of the stream that the host does not make.
//!
//! Another hop needs another stream. The plugin requests a restart; some hosts never make it (Ardour, pedalboard). If
//! nothing has happened for a second, the stream is created here: on nice-plug's background thread, at the latency that the
//! host knows, and sent to the audio thread through a ring. If it does not fit into that latency, the editor says
//! so.

use crate::timing::Timing;
use parking_lot::Mutex;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::sync::Arc;
use voxmeld_core::engine::{EngineHandle, StreamSetup};
use voxmeld_core::rt::AudioSide;

/// Capacity of the rings in either direction: more streams than one second can bring.
const CAPACITY: usize = 4;

/// The audio thread's end.
pub struct NextStream {
    next: HeapCons<(Timing, AudioSide)>,
    replaced: HeapProd<AudioSide>,
}

/// A task for the background thread.
#[derive(Clone, Copy, Debug)]
pub enum RestartTask {
    /// Create a stream with this set-up within this latency.
    Restart {
        /// The activation that it belongs to.
        activation: u64,
        /// The timing that the set-up was derived from.
        timing: Timing,
        /// The new stream.
        setup: StreamSetup,
        /// The latency that the host knows.
        latency_samples: u32,
    },
    /// The settings are again those in use.
    Forget,
}

struct Rings {
    next: HeapProd<(Timing, AudioSide)>,
    replaced: HeapCons<AudioSide>,
    /// Counts activations, so that no task affects a later one.
    activation: u64,
}

/// The background thread's end.
pub struct Restarter {
    engine: EngineHandle,
    rings: Mutex<Rings>,
    /// Why a setting is not in use, for the editor.
    note: Arc<Mutex<Option<String>>>,
}

/// Both ends. `note` receives why a setting could not be used.
#[must_use]
pub fn restarts(engine: EngineHandle, note: Arc<Mutex<Option<String>>>) -> (NextStream, Restarter) {
    let (next_in, next) = HeapRb::new(CAPACITY).split();
    let (replaced, replaced_out) = HeapRb::new(CAPACITY).split();
    let restarter = Restarter {
        engine,
        rings: Mutex::new(Rings {
            next: next_in,
            replaced: replaced_out,
            activation: 0,
        }),
        note,
    };
    (NextStream { next, replaced }, restarter)
}

impl NextStream {
    /// Replaces `audio` with a new stream, if there is one; returns its timing.
    ///
    /// # Real-time
    /// Atomic loads and stores, and a copy of a few kilobytes where there is a stream.
    pub fn take(&mut self, audio: &mut AudioSide) -> Option<Timing> {
        let mut taken = None;
        while let Some((timing, mut next)) = self.next.try_pop() {
            next.continue_from(audio);
            let replaced = std::mem::replace(audio, next);
            // There is space: the background thread empties this ring before it fills the other.
            if let Err(replaced) = self.replaced.try_push(replaced) {
                std::mem::forget(replaced);
            }
            taken = Some(timing);
        }
        taken
    }

    /// Drops streams that were created for an earlier activation. Main thread.
    fn clear(&mut self) {
        while self.next.try_pop().is_some() {}
    }
}

impl Restarter {
    /// Activates with no restart under way, and forgets those of earlier activations. Returns also the number of this
    /// activation. Main thread.
    pub fn activate<T>(&self, next: &mut NextStream, activate: impl FnOnce() -> T) -> (T, u64) {
        let mut rings = self.rings.lock();
        rings.activation += 1;
        let activated = activate();
        next.clear();
        *self.note.lock() = None;
        (activated, rings.activation)
    }

    /// Runs a task. On nice-plug's background thread.
    pub fn run(&self, task: RestartTask) {
        let mut rings = self.rings.lock();
        while rings.replaced.try_pop().is_some() {}
        match task {
            RestartTask::Restart { activation, .. } if activation != rings.activation => {}
            RestartTask::Forget => *self.note.lock() = None,
            RestartTask::Restart {
                timing,
                setup,
                latency_samples,
                ..
            } => match self.engine.restart_within(&setup, latency_samples) {
                Ok(audio) => {
                    *self.note.lock() = None;
                    // Full only if the host has not called for seconds; then it has no stream to continue.
                    if rings.next.try_push((timing, audio)).is_err() {
                        tracing::warn!("the new stream was not taken over");
                    }
                }
                Err(error) => {
                    tracing::warn!("the stream was not restarted: {error}");
                    *self.note.lock() = Some(error.to_string());
                }
            },
        }
    }
}
