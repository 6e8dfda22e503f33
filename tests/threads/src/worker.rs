//! The worker's thread from start to end, around a minimal worker: `thread.rs` is the
//! engine's file.

pub mod step;
#[path = "../../../core/src/worker/thread.rs"]
pub mod thread;
pub mod thread_primitives;
