//! Passes against the real clock: what is heard when a hop is late, and that an uninterrupted pass equals the
//! offline render.
//!
//! Two tests at once would make each other late, so each holds [`alone`] for as long as it plays.

mod blending;
mod bursts;
mod failures;
mod offline_equals_live;
mod offline_wait;
mod overload;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by a test while it plays: no other test of this program plays meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static PLAYING: Mutex<()> = Mutex::new(());
    // A test that failed leaves nothing behind that the next one could be disturbed by.
    PLAYING.lock().unwrap_or_else(PoisonError::into_inner)
}
