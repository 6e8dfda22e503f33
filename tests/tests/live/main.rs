//! Real-time passes: the output when hops are late, and equality of an uninterrupted pass with the offline render.
//!
//! Tests that run at the same time would make each other late, so each holds [`lock_machine`] while it plays.

mod blending;
mod bursts;
mod failures;
mod offline_equals_live;
mod offline_wait;
mod overload;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock that a test holds while it plays, so that no other test of this program runs.
fn lock_machine() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    // A failed test poisons the lock, but leaves no state behind.
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}
