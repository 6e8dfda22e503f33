//! Stands for `voxmeld_core::worker`'s channel and threads: a queue under loom's
//! lock. crossbeam itself is not what is checked.

use loom::sync::{Arc, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

pub use loom::thread::JoinHandle;

/// As crossbeam's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// Nothing came in time.
    Timeout,
    /// Nobody is left to send.
    Disconnected,
}

struct Queue<T> {
    items: VecDeque<T>,
    senders: usize,
    receivers: usize,
}

/// The end that sends.
pub struct Sender<T>(Arc<Mutex<Queue<T>>>);

/// The end that receives.
pub struct Receiver<T>(Arc<Mutex<Queue<T>>>);

/// Both ends.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(Mutex::new(Queue {
        items: VecDeque::new(),
        senders: 1,
        receivers: 1,
    }));
    (Sender(queue.clone()), Receiver(queue))
}

impl<T> Sender<T> {
    /// Gives the item back where nobody is left to receive it.
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
    /// An item, if there is one.
    pub fn try_recv(&self) -> Option<T> {
        self.0.lock().expect("no panic").items.pop_front()
    }

    /// The time passes at once, after others had a turn: a pause may be as short
    /// as the checker likes.
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
        // As crossbeam does: what waits goes with the last receiver.
        let left = (queue.receivers == 0).then(|| std::mem::take(&mut queue.items));
        drop(queue);
        drop(left);
    }
}

/// As the engine's.
pub fn spawn(_name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Ok(loom::thread::spawn(run))
}
