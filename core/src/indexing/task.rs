//! A job in the background.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};

use super::choice::Made;
use super::error::IndexingError;
use super::job::Job;
use super::progress::Progress;

/// A job on a thread of its own. Dropped, it asks the thread to stop and waits for
/// it: at most the encoding of one window, or the training of the lists.
pub struct IndexTask {
    progress: Arc<Progress>,
    outcome: Receiver<Result<Made, IndexingError>>,
    thread: Option<JoinHandle<()>>,
}

impl IndexTask {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn spawn(job: Job) -> std::io::Result<Self> {
        let progress = Arc::new(Progress::default());
        let (send, outcome) = bounded(1);
        let shared = Arc::clone(&progress);
        let thread = std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(move || {
                let _ = send.send(job.run(&shared));
            })?;
        Ok(Self {
            progress,
            outcome,
            thread: Some(thread),
        })
    }

    /// How far it is; also to stop it.
    #[must_use]
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The outcome, once, when there is one.
    #[must_use]
    pub fn poll(&self) -> Option<Result<Made, IndexingError>> {
        self.outcome.try_recv().ok()
    }

    /// True if the thread has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for IndexTask {
    fn drop(&mut self) {
        self.progress.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
