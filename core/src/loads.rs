//! Loads under way: an offline render waits for them.

use crate::sync::{AtomicUsize, Ordering};

/// How many voices were asked for and have not come yet.
///
/// One thread asks, the loader delivers, the worker looks. What the worker must
/// never see is a load that is over while its voice is still to come: a render
/// would go on without it.
#[derive(Debug, Default)]
pub struct PendingLoads(AtomicUsize);

impl PendingLoads {
    /// One more is asked for. To be called before the request is sent.
    pub fn ask(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Hands the result of a load over; only then is the load done.
    pub fn deliver(&self, hand_over: impl FnOnce()) {
        hand_over();
        self.0.fetch_sub(1, Ordering::Release);
    }

    /// Takes in what was delivered. True if there may be more to come: whatever
    /// was done before this call is in by its end.
    pub fn receive_delivered(&self, receive: impl FnOnce()) -> bool {
        // Read before receiving: a load that is done by now has been handed over.
        let under_way = self.0.load(Ordering::Acquire) > 0;
        receive();
        under_way
    }
}
