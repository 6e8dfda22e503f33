//! The only types of threads and channels that [`super::thread`] uses: `tests/threads`
//! compiles that file a second time with a model checker's types in their place.

pub use super::priority::ThreadPriority;
pub use crossbeam_channel::{RecvTimeoutError, Sender};
pub use std::thread::JoinHandle;

/// Starts a thread.
///
/// # Errors
/// If the system cannot start a thread.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(run)
}
