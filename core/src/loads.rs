//! Pending loads: an offline render waits for them.

use crate::sync::{AtomicUsize, Ordering};

/// Number of requested voices that are not delivered yet.
///
/// The main thread adds, the loader delivers, the worker reads. The worker must never
/// count a load as done before its voice has arrived, or a render would continue without
/// the voice.
#[derive(Debug, Default)]
pub struct PendingLoads(AtomicUsize);

impl PendingLoads {
    /// Counts one more load. Call before the request is sent.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends the result of a load by `hand_over`, then counts the load as done; also where
    /// `hand_over` panics, or every later render would wait for it.
    pub fn deliver(&self, hand_over: impl FnOnce()) {
        struct CountedAsDone<'a>(&'a AtomicUsize);
        impl Drop for CountedAsDone<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Release);
            }
        }
        let _done = CountedAsDone(&self.0);
        hand_over();
    }

    /// Receives delivered results by `receive`. True if loads may still be pending;
    /// results of loads that were done before this call are received by its end.
    pub fn receive_delivered(&self, receive: impl FnOnce()) -> bool {
        // Read before receiving: a load that counts as done here has already been sent.
        let pending = self.0.load(Ordering::Acquire) > 0;
        receive();
        pending
    }
}
