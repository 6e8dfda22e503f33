//! Work of the exports on nice-plug's background thread.

use std::sync::mpsc::SyncSender;

/// A task that the plugin hands to [`Bridge::run`](super::Bridge::run). Only the
/// VST3 export posts any.
pub struct BridgeTask(pub(crate) Task);

pub(crate) enum Task {
    /// Answers, to show that everything posted before it has been done.
    Barrier(SyncSender<()>),
    /// Asks the host for a restart, away from the audio thread.
    RequestRestart,
}

impl BridgeTask {
    pub(crate) const fn barrier(done: SyncSender<()>) -> Self {
        Self(Task::Barrier(done))
    }

    pub(crate) const fn request_restart() -> Self {
        Self(Task::RequestRestart)
    }
}
