//! Gap of nice-plug 0.4.2: it borrows its cells during a call and panics if a
//! second call borrows them, and a panic crashes the host. Hosts do call back from
//! within calls: CLAP even requires them to destroy the editor when they are notified that its
//! window was closed, and that notification comes from within `on_main_thread`. Such calls are
//! deferred until the first one returns, or rejected before they reach nice-plug.
//!
//! To delete once nice-plug passes `tests/tests/clap/reentrant.rs` without it: this
//! file, and the functions of `instance.rs` that use it.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Tracks which calls are in progress in one instance.
#[derive(Default)]
pub(super) struct Reentrancy {
    /// `process` or `params.flush` runs; they share nice-plug's event list.
    events_in_use: AtomicBool,
    /// `on_main_thread` runs.
    in_main_thread_call: AtomicBool,
    /// `on_main_thread` was called again while it ran.
    main_thread_call_deferred: AtomicBool,
    /// `gui.destroy` was called while it ran.
    destroy_editor_deferred: AtomicBool,
}

/// Permission to use nice-plug's event list; released when dropped.
pub(super) struct EventsGuard<'a>(&'a AtomicBool);

impl Drop for EventsGuard<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl Reentrancy {
    /// `None` while another call uses the event list: a block within a block is an
    /// error, and a flush within a block should have been part of the block.
    ///
    /// # Real-time
    /// One atomic exchange.
    pub fn lock_events(&self) -> Option<EventsGuard<'_>> {
        // Created lazily, because dropping a guard releases the list.
        (!self.events_in_use.swap(true, SeqCst)).then(|| EventsGuard(&self.events_in_use))
    }

    /// Calls `main_thread` until no further call is deferred, then `destroy_editor`
    /// if that was deferred. From within `main_thread` it only defers.
    pub fn on_main_thread(&self, main_thread: impl Fn(), destroy_editor: impl Fn()) {
        self.main_thread_call_deferred.store(true, SeqCst);
        if self.in_main_thread_call.swap(true, SeqCst) {
            return;
        }
        while self.main_thread_call_deferred.swap(false, SeqCst) {
            main_thread();
        }
        self.in_main_thread_call.store(false, SeqCst);
        if self.destroy_editor_deferred.swap(false, SeqCst) {
            destroy_editor();
        }
    }

    /// True if destroying the editor is deferred, because a call further up the
    /// stack uses its window.
    pub fn defers_destroying_the_editor(&self) -> bool {
        let deferred = self.in_main_thread_call.load(SeqCst);
        if deferred {
            self.destroy_editor_deferred.store(true, SeqCst);
        }
        deferred
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn second_lock_of_the_events_fails_until_the_first_is_dropped() {
        let reentrancy = Reentrancy::default();
        let first = reentrancy.lock_events();
        assert!(first.is_some());
        for _ in 0..2 {
            assert!(reentrancy.lock_events().is_none());
        }
        drop(first);
        assert!(reentrancy.lock_events().is_some());
    }

    #[test]
    fn calls_from_within_on_main_thread_run_after_it() {
        let reentrancy = Reentrancy::default();
        assert!(!reentrancy.defers_destroying_the_editor());
        let (calls, destroyed) = (Cell::new(0), Cell::new(0));
        let main_thread = || {
            calls.set(calls.get() + 1);
            assert_eq!(destroyed.get(), 0, "its window is in use");
            if calls.get() == 1 {
                reentrancy.on_main_thread(|| panic!("within itself"), || panic!("too early"));
                assert!(reentrancy.defers_destroying_the_editor());
            }
        };
        reentrancy.on_main_thread(main_thread, || destroyed.set(destroyed.get() + 1));
        assert_eq!((calls.get(), destroyed.get()), (2, 1));
        assert!(!reentrancy.defers_destroying_the_editor());
    }
}
