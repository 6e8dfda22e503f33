//! Calls that come while another one is under way.
//!
//! nice-plug borrows its cells during a call and panics where a second one wants
//! them, and a panic ends the host. Hosts do call back from inside of what they
//! are asked: CLAP even tells them to destroy the editor when they hear that its
//! window is gone, which they hear from inside of `on_main_thread`. Such calls are
//! put off until the first one is over, or answered without nice-plug.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// What is under way in one instance.
#[derive(Default)]
pub(super) struct Reentry {
    /// `process` or `params.flush`, which share a list of events.
    events: AtomicBool,
    /// `on_main_thread` ...
    main: AtomicBool,
    /// ... was called again meanwhile ...
    main_again: AtomicBool,
    /// ... or `gui.destroy` was.
    destroy_editor: AtomicBool,
}

/// The right to use nice-plug's list of events; given back when dropped.
pub(super) struct Events<'a>(&'a AtomicBool);

impl Drop for Events<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl Reentry {
    /// `None` while another call has the events: a block inside of a block is an
    /// error, and a flush inside of a block brings what the block should have.
    ///
    /// # Real-time
    /// One atomic exchange.
    pub fn events(&self) -> Option<Events<'_>> {
        // Lazily: an `Events` that is made and dropped gives the right back.
        (!self.events.swap(true, SeqCst)).then(|| Events(&self.events))
    }

    /// Does `main_thread` until nobody asks for it again, then `destroy_editor`
    /// if that was asked for. From inside of itself it only asks.
    pub fn on_main_thread(&self, main_thread: impl Fn(), destroy_editor: impl Fn()) {
        self.main_again.store(true, SeqCst);
        if self.main.swap(true, SeqCst) {
            return;
        }
        while self.main_again.swap(false, SeqCst) {
            main_thread();
        }
        self.main.store(false, SeqCst);
        if self.destroy_editor.swap(false, SeqCst) {
            destroy_editor();
        }
    }

    /// True if the editor is destroyed later: its window is in use by a call
    /// further up.
    pub fn puts_off_destroying_the_editor(&self) -> bool {
        let later = self.main.load(SeqCst);
        if later {
            self.destroy_editor.store(true, SeqCst);
        }
        later
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_second_block_or_flush_is_refused_until_the_first_is_over() {
        let reentry = Reentry::default();
        let first = reentry.events();
        assert!(first.is_some());
        for _ in 0..2 {
            assert!(reentry.events().is_none());
        }
        drop(first);
        assert!(reentry.events().is_some());
    }

    #[test]
    fn what_is_asked_from_inside_is_done_afterwards() {
        let reentry = Reentry::default();
        assert!(!reentry.puts_off_destroying_the_editor());
        let (calls, destroyed) = (Cell::new(0), Cell::new(0));
        let main_thread = || {
            calls.set(calls.get() + 1);
            assert_eq!(destroyed.get(), 0, "its window is in use");
            if calls.get() == 1 {
                reentry.on_main_thread(|| panic!("inside of itself"), || panic!("too early"));
                assert!(reentry.puts_off_destroying_the_editor());
            }
        };
        reentry.on_main_thread(main_thread, || destroyed.set(destroyed.get() + 1));
        assert_eq!((calls.get(), destroyed.get()), (2, 1));
        assert!(!reentry.puts_off_destroying_the_editor());
    }
}
