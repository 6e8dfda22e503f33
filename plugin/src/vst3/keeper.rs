//! Keeps nice-plug's shared background thread alive and empties it.
//!
//! On Linux nice-plug runs every parameter task of every instance on one
//! thread. That thread ends when it meets a task of an instance that is gone,
//! and joins itself (and aborts) when it drops the last instance. Both are
//! avoided by one hidden instance that lives until the library is unloaded, and
//! by a barrier task before any other instance is dropped: after it the thread
//! holds neither tasks of nor references to that instance.

use super::creation;
use crate::plugin::{Task, Voxmeld};
use nice_plug::prelude::*;
use nice_plug::wrapper::vst3::Wrapper;
use parking_lot::Mutex;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Longer than any parameter task takes; only a bound for a thread that is gone.
const PATIENCE: Duration = Duration::from_secs(2);

struct Keeper {
    executor: AsyncExecutor<Voxmeld>,
    _wrapper: Wrapper<Voxmeld>,
}

static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

/// Makes the hidden instance if there is none. Called before each new instance.
pub fn ensure() {
    let mut keeper = KEEPER.lock();
    if keeper.is_none() {
        let (wrapper, creation) = creation::create();
        *keeper = creation.executor.map(|executor| Keeper {
            executor,
            _wrapper: wrapper,
        });
    }
}

/// Waits until every task posted so far has been done and forgotten. False if
/// the thread did not answer.
pub fn drain() -> bool {
    let keeper = KEEPER.lock();
    let Some(keeper) = keeper.as_ref() else {
        return true;
    };
    let started = Instant::now();
    loop {
        let (done, wait) = sync_channel(1);
        keeper.executor.execute_background(Task::Barrier(done));
        match wait.recv_timeout(PATIENCE) {
            Ok(()) => return true,
            // The queue was full of parameter tasks, and the barrier was dropped.
            Err(RecvTimeoutError::Disconnected) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(1));
            }
            // The thread or its queue is gone: nothing to wait for.
            Err(_) => return false,
        }
    }
}

/// Ends the background thread, before the library is unloaded.
pub fn release() {
    drain();
    // The barrier's own reference to the keeper ends a moment after its answer.
    std::thread::sleep(Duration::from_millis(2));
    *KEEPER.lock() = None;
}
