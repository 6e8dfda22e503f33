//! Stands for `voxmeld_core::worker`'s channel and threads: a queue behind loom's
//! mutex. crossbeam itself is not checked.

use loom::sync::{Arc, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

pub use loom::thread::JoinHandle;

/// As in crossbeam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// No item arrived in time.
    Timeout,
    /// All senders are dropped.
    Disconnected,
}

struct Queue<T> {
    items: VecDeque<T>,
    senders: usize,
    receivers: usize,
}

/// The sending end.
pub struct Sender<T>(Arc<Mutex<Queue<T>>>);

/// The receiving end.
pub struct Receiver<T>(Arc<Mutex<Queue<T>>>);

/// A channel.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(Mutex::new(Queue {
        items: VecDeque::new(),
        senders: 1,
        receivers: 1,
    }));
    (Sender(queue.clone()), Receiver(queue))
}

impl<T> Sender<T> {
    /// Sends an item; returns it as an error if all receivers are dropped.
    pub fn send(&self, item: T) -> Result<(), T> {
        let mut queue = self.0.lock().expect("no panic");
        if queue.receivers == 0 {
            return Err(item);
        }
        queue.items.push_back(item);
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.lock().expect("no panic").senders += 1;
        Self(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.lock().expect("no panic").senders -= 1;
    }
}

impl<T> Receiver<T> {
    /// Receives an item, if there is one.
    pub fn try_recv(&self) -> Option<T> {
        self.0.lock().expect("no panic").items.pop_front()
    }

    /// Receives an item, or times out after it has yielded once: the checker does not model
    /// time, so a pause may have any length.
    pub fn recv_timeout(&self, _pause: Duration) -> Result<T, RecvTimeoutError> {
        let mut queue = self.0.lock().expect("no panic");
        if let Some(item) = queue.items.pop_front() {
            return Ok(item);
        }
        if queue.senders == 0 {
            return Err(RecvTimeoutError::Disconnected);
        }
        drop(queue);
        loom::thread::yield_now();
        Err(RecvTimeoutError::Timeout)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut queue = self.0.lock().expect("no panic");
        queue.receivers -= 1;
        // As in crossbeam, the last receiver drops the items in the queue.
        let left = (queue.receivers == 0).then(|| std::mem::take(&mut queue.items));
        drop(queue);
        drop(left);
    }
}

/// Starts a thread, as in the engine.
pub fn spawn(_name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Ok(loom::thread::spawn(run))
}

/// Replaces the thread's priority, which loom does not model.
pub struct ThreadPriority;

impl ThreadPriority {
    /// Does nothing.
    #[must_use]
    pub fn request() -> Self {
        Self
    }

    /// Empty.
    #[must_use]
    pub fn sentence(&self) -> &str {
        ""
    }

    /// Does nothing.
    pub fn after_turn(&mut self, _live: bool, _sleeps: bool) {}
}
