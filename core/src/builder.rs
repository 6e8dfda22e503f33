//! Builds and extends indices while a voice runs: the editor's two buttons.
//!
//! Thread: a request from the GUI returns at once; it runs on its own thread with its own
//! encoder. The worker only copies input samples.

mod request;
mod run;

pub use request::{IndexRequest, IndexRequestError, IndexResult, Instance};

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::bounded;
use parking_lot::Mutex;

use crate::indexing::{IndexingError, Progress};
use crate::panics::caught;
use crate::status::IndexWork;
use crate::worker::WorkerCommand;
use run::run;

/// Runs one instance's requests, one at a time.
#[derive(Default)]
pub struct IndexBuilder(Mutex<JobSlot>);

#[derive(Default)]
struct JobSlot {
    running: Option<Running>,
    last: IndexWork,
    closed: bool,
}

struct Running {
    progress: Arc<Progress>,
    thread: JoinHandle<()>,
}

impl IndexBuilder {
    /// Starts a request; `done` is called with the result on the thread of the request, and
    /// publishes it. Does nothing while another request runs.
    pub fn start(
        &self,
        request: IndexRequest,
        instance: Instance,
        done: impl FnOnce(Result<IndexResult, IndexRequestError>) + Send + 'static,
    ) {
        let mut slot = self.0.lock();
        slot.join_finished();
        if slot.closed || slot.running.is_some() {
            return;
        }
        // Copied now, because input after the click does not belong to the take.
        let input = matches!(request, IndexRequest::LastInput { .. }).then(|| {
            let (send, input) = bounded(1);
            let _ = instance.worker.send(WorkerCommand::CopyRecent(send));
            input
        });
        slot.spawn(
            move |progress| {
                tracing::info!("building an index: {request:?}");
                run(&request, &instance, input.as_ref(), progress)
            },
            done,
        );
    }

    /// Requests a stop; encoded recordings are kept for the same request.
    pub fn stop(&self) {
        if let Some(running) = &self.0.lock().running {
            running.progress.stop();
        }
    }

    /// Progress of the running request, or the last result.
    #[must_use]
    pub fn work(&self) -> IndexWork {
        let mut slot = self.0.lock();
        slot.join_finished();
        match &slot.running {
            Some(Running { progress, .. }) => IndexWork::Running {
                fraction: progress.fraction(),
                what: progress.text(),
                remaining: progress.time_left(),
            },
            None => slot.last.clone(),
        }
    }

    /// Sets what [`Self::work`] returns after the running request has ended.
    pub fn publish(&self, work: IndexWork) {
        self.0.lock().last = work;
    }

    /// Stops the request and waits for its thread: at most the encoding of one window or
    /// one round of training. Later requests are ignored.
    pub fn close(&self) {
        let running = {
            let mut slot = self.0.lock();
            slot.closed = true;
            slot.running.take()
        };
        if let Some(Running { progress, thread }) = running {
            progress.stop();
            let _ = thread.join();
        }
    }
}

impl JobSlot {
    /// Starts a thread that runs `work` and passes the result to `done`; a panic in `work` is
    /// an error.
    fn spawn(
        &mut self,
        work: impl FnOnce(&Progress) -> Result<IndexResult, IndexRequestError> + Send + 'static,
        done: impl FnOnce(Result<IndexResult, IndexRequestError>) + Send + 'static,
    ) {
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let job = move || {
            let outcome =
                caught(|| work(&shared)).unwrap_or_else(|why| Err(IndexingError::Internal { why }.into()));
            match &outcome {
                Ok(made) => tracing::info!("index: {}", made.summary),
                Err(error) => tracing::warn!("no index was built: {error}"),
            }
            done(outcome);
        };
        match std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(job)
        {
            Ok(thread) => {
                self.last = IndexWork::None;
                self.running = Some(Running { progress, thread });
            }
            Err(error) => {
                self.last = IndexWork::Failed {
                    why: IndexRequestError::Thread(error).to_string(),
                };
            }
        }
    }

    /// Joins the thread if it has ended.
    fn join_finished(&mut self) {
        if let Some(Running { thread, .. }) = self.running.take_if(|running| running.thread.is_finished())
            && thread.join().is_err()
        {
            self.last = IndexWork::Failed {
                why: "the index could not be built: an internal error".into(),
            };
        }
    }
}

#[cfg(test)]
mod tests;
