//! Tasks of the exports on nice-plug's background thread, and on the main thread where the
//! operating system has a queue for it.

use std::sync::mpsc::SyncSender;

/// A task that the plugin passes to [`Bridge::run`](super::Bridge::run). Only the
/// VST3 export posts any.
pub struct BridgeTask(pub(crate) Task);

pub(crate) enum Task {
    /// Replies, to show that everything posted before it is done.
    Barrier(SyncSender<()>),
    /// Requests a restart from the host, off the audio thread.
    RequestRestart,
    /// Delivers the waiting calls to the host, on the main thread.
    #[cfg(any(windows, target_os = "macos"))]
    Deliver,
}

impl BridgeTask {
    pub(crate) const fn barrier(done: SyncSender<()>) -> Self {
        Self(Task::Barrier(done))
    }

    pub(crate) const fn request_restart() -> Self {
        Self(Task::RequestRestart)
    }

    #[cfg(any(windows, target_os = "macos"))]
    pub(crate) const fn deliver() -> Self {
        Self(Task::Deliver)
    }
}
