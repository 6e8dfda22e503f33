//! A build on a background thread.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};

use super::choice::BuiltIndex;
use super::error::IndexingError;
use super::job::Job;
use super::progress::Progress;
use crate::panics::caught;

/// A build on a thread of its own. Dropping it requests a stop and waits for the thread: at most the encoding of one
/// window, or one round of training.
pub struct IndexTask {
    progress: Arc<Progress>,
    outcome: Receiver<Result<BuiltIndex, IndexingError>>,
    thread: Option<JoinHandle<()>>,
}

impl IndexTask {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn spawn(job: Job) -> std::io::Result<Self> {
        Self::run(move |progress| job.run(progress))
    }

    /// Runs `work` on the thread; a panic in it is an error.
    fn run(
        work: impl FnOnce(&Progress) -> Result<BuiltIndex, IndexingError> + Send + 'static,
    ) -> std::io::Result<Self> {
        let progress = Arc::new(Progress::default());
        let (send, outcome) = bounded(1);
        let shared = Arc::clone(&progress);
        let thread = std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(move || {
                let outcome =
                    caught(|| work(&shared)).unwrap_or_else(|why| Err(IndexingError::Internal { why }));
                let _ = send.send(outcome);
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
    pub fn poll(&self) -> Option<Result<BuiltIndex, IndexingError>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_in_the_job_is_its_outcome() {
        let task = IndexTask::run(|_| panic!("planted")).expect("a thread");
        let outcome = task.outcome.recv().expect("an outcome");
        assert!(matches!(outcome, Err(IndexingError::Internal { why }) if why == "planted"));
    }
}
