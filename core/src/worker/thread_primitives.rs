//! What the worker's thread is made of, and nothing else in [`super::thread`]:
//! `tests/threads` compiles that file a second time with types of a model checker
//! in the place of these.

pub use crossbeam_channel::{RecvTimeoutError, Sender};
pub use std::thread::JoinHandle;

/// Starts a thread.
///
/// # Errors
/// If the system starts no more.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(run)
}
