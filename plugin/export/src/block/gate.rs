//! Excludes blocks during activation: some hosts deactivate the plugin on one thread
//! while another thread is inside `process`.

use parking_lot::{Mutex, MutexGuard};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// How long [`Gate::close`] waits for a running block. Offline, a block may wait
/// seconds for the worker. A host that closes the gate from inside its own block, on the
/// same thread, would wait forever without this timeout.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Interval at which the closing thread retries.
const POLL: Duration = Duration::from_micros(200);

/// Guards what a block uses. Blocks enter, one at a time; activation closes the gate.
///
/// Both sides only use `try_lock`, so that unlocking never has to wake a thread.
#[derive(Default)]
pub(crate) struct Gate<T> {
    inside: Mutex<T>,
    /// Threads that have closed the gate or are about to.
    closed: AtomicU32,
}

/// Keeps blocks out until dropped.
pub(crate) struct Closed<'a, T>(&'a Gate<T>);

impl<T> Gate<T> {
    /// `None` while the gate is closed or another block is inside.
    ///
    /// # Real-time
    /// A few atomic operations.
    pub fn enter(&self) -> Option<MutexGuard<'_, T>> {
        let inside = self.inside.try_lock()?;
        // Checked after locking: a closing thread first counts itself, then tries the lock.
        (self.closed.load(SeqCst) == 0).then_some(inside)
    }

    /// Closes the gate and waits until no block is inside; `None` if one stays inside for ten
    /// seconds. May be nested. Not on the audio thread.
    pub fn close(&self) -> Option<Closed<'_, T>> {
        self.closed.fetch_add(1, SeqCst);
        let closed = Closed(self);
        self.lock_slowly().is_some().then_some(closed)
    }

    fn lock_slowly(&self) -> Option<MutexGuard<'_, T>> {
        let started = Instant::now();
        loop {
            if let Some(inside) = self.inside.try_lock() {
                return Some(inside);
            }
            if started.elapsed() > TIMEOUT {
                return None;
            }
            std::thread::sleep(POLL);
        }
    }
}

impl<T> Closed<'_, T> {
    /// Changes the guarded value while the gate is closed. `None` as with [`Gate::close`].
    pub fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.lock_slowly().map(|mut inside| change(&mut inside))
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.0.closed.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32};

    #[test]
    fn second_block_and_block_at_a_closed_gate_do_not_enter() {
        let gate = Gate::<u32>::default();
        let first = gate.enter();
        assert!(first.is_some());
        assert!(gate.enter().is_none());
        drop(first);
        let closed = gate.close().expect("nobody is inside");
        assert!(gate.enter().is_none());
        assert_eq!(closed.with(|value| *value = 7), Some(()));
        drop(gate.close().expect("nests"));
        assert!(gate.enter().is_none());
        drop(closed);
        assert_eq!(gate.enter().as_deref(), Some(&7));
    }

    /// The value is odd only while a block is inside.
    #[test]
    fn closing_thread_never_finds_a_block_inside() {
        let (gate, stop) = (Gate::<u32>::default(), AtomicBool::new(false));
        let blocks = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    if let Some(mut value) = gate.enter() {
                        *value += 1;
                        std::hint::spin_loop();
                        *value += 1;
                        blocks.fetch_add(1, SeqCst);
                    }
                }
            });
            while blocks.load(SeqCst) < 100 {
                let closed = gate.close().expect("blocks end");
                let even = closed.with(|value| *value % 2 == 0);
                drop(closed);
                if even != Some(true) {
                    stop.store(true, SeqCst);
                }
                assert_eq!(even, Some(true));
                std::thread::yield_now();
            }
            stop.store(true, SeqCst);
        });
    }
}
