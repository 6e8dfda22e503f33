//! Gap of nice-plug 0.4.2: on Linux it runs every parameter task of every instance
//! on one background thread. That thread ends when it gets a task of an instance
//! that was dropped, and if it drops the last instance it joins itself and aborts.
//!
//! Two measures avoid both: one hidden instance lives until the library is
//! unloaded, and a barrier task runs before any other instance is dropped: after it
//! the thread holds neither tasks of that instance nor references to it.
//!
//! To delete once nice-plug's thread outlives its instances: this file, its calls
//! in `instance.rs`, `component/` and `mod.rs`, and `BridgeTask::barrier`.

use crate::ExportedPlugin;
use crate::bridge::BridgeTask;
use crate::bridge::construction::{Constructed, Format, construct};
use nice_plug::prelude::AsyncExecutor;
use nice_plug::wrapper::vst3::Wrapper;
use parking_lot::Mutex;
use std::any::Any;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Longer than any parameter task takes; reached only if the thread has ended.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The hidden instance. A static cannot be generic; a library exports one plugin.
struct Guard {
    post: Box<dyn Fn(BridgeTask) + Send>,
    _wrapper: Box<dyn Any + Send>,
}

static GUARD: Mutex<Option<Guard>> = Mutex::new(None);

/// Creates the hidden instance if there is none. Called before each new instance.
pub fn ensure<P: ExportedPlugin>() {
    let mut guard = GUARD.lock();
    if guard.is_none() {
        let (wrapper, constructed) = construct::<P, _>(Format::Vst3, Wrapper::<P>::new);
        *guard = constructed.and_then(executor_of).map(|executor| Guard {
            post: Box::new(move |task| executor.execute_background(task.into())),
            _wrapper: Box::new(wrapper),
        });
    }
}

fn executor_of<P: ExportedPlugin>(constructed: Constructed<P>) -> Option<AsyncExecutor<P>> {
    constructed.executor
}

/// Waits until every task posted so far is done and dropped. False if
/// the thread did not reply.
pub fn drain() -> bool {
    let guard = GUARD.lock();
    let Some(guard) = guard.as_ref() else {
        return true;
    };
    let started = Instant::now();
    loop {
        let (done, wait) = sync_channel(1);
        (guard.post)(BridgeTask::barrier(done));
        match wait.recv_timeout(TIMEOUT) {
            Ok(()) => return true,
            // The queue was full of parameter tasks, and the barrier was dropped.
            Err(RecvTimeoutError::Disconnected) if started.elapsed() < TIMEOUT => {
                std::thread::sleep(Duration::from_millis(1));
            }
            // The thread or its queue no longer exists: nothing to wait for.
            Err(_) => return false,
        }
    }
}

/// Ends the background thread, before the library is unloaded.
pub fn release() {
    drain();
    // The barrier's own reference to the instance is dropped a moment after its reply.
    std::thread::sleep(Duration::from_millis(2));
    *GUARD.lock() = None;
}
