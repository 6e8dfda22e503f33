//! Work of the exports on nice-plug's background thread, and on the main thread where the
//! system has a queue for it.

use std::sync::mpsc::SyncSender;

/// A task that the plugin hands to [`Bridge::run`](super::Bridge::run). Only the
/// VST3 export posts any.
pub struct BridgeTask(pub(crate) Task);

pub(crate) enum Task {
    /// Answers, to show that everything posted before it has been done.
    Barrier(SyncSender<()>),
    /// Asks the host for a restart, away from the audio thread.
    RequestRestart,
    /// Tells the host what waits, on the main thread.
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
