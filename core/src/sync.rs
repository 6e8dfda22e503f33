//! The only shared types that `stream`, `rt` and [`crate::loads`] use:
//! `tests/threads` compiles those files a second time with a model checker's types in
//! their place.

pub use ringbuf::traits::{Consumer, Observer, Producer, Split};
pub use ringbuf::{HeapCons, HeapProd, HeapRb};
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Sleeps shortly, so that the worker can run; called in offline renders only.
#[expect(clippy::disallowed_methods, reason = "offline renders have no deadline")]
pub fn wait_a_little() {
    std::thread::sleep(std::time::Duration::from_micros(100));
}
