//! The only shared types that `stream`, `rt` and [`crate::loads`] use:
//! `tests/threads` compiles those files a second time with a model checker's types in
//! their place.

pub use ringbuf::traits::{Consumer, Observer, Producer, Split};
pub use ringbuf::{HeapCons, HeapProd, HeapRb};
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Yields to the worker. Called only while the block is not due yet: in an offline render, or ahead of the
/// clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the block is not due yet, so waiting is allowed"
)]
pub fn wait_a_little() {
    std::thread::sleep(std::time::Duration::from_micros(100));
}
