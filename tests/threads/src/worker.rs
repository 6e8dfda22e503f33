//! The worker's thread from its beginning to its end, around a worker that does
//! next to nothing: `thread.rs` is the engine's own.

pub mod step;
#[path = "../../../core/src/worker/thread.rs"]
pub mod thread;
pub mod thread_primitives;
