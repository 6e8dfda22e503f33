//! Makes and grows indices while a voice runs: what the editor's two buttons do.
//!
//! Thread: a request comes from the GUI and returns at once; it runs on a thread
//! of its own, with an encoder of its own. The worker only copies samples out.

mod request;
mod run;

pub use request::{IndexRequest, IndexRequestError, IndexResult, Instance};

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::bounded;
use parking_lot::Mutex;

use crate::indexing::Progress;
use crate::status::IndexWork;
use crate::worker::WorkerCommand;
use run::run;

/// One instance's requests, one at a time.
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
    /// Starts on a request; `done` gets the outcome on the thread that did the work, and
    /// publishes it. While another request runs, nothing happens.
    pub fn start(
        &self,
        request: IndexRequest,
        instance: Instance,
        done: impl FnOnce(Result<IndexResult, IndexRequestError>) + Send + 'static,
    ) {
        let mut slot = self.0.lock();
        slot.clear_away();
        if slot.closed || slot.running.is_some() {
            return;
        }
        // Asked for right now: what is said after the click does not belong to it.
        let heard = matches!(request, IndexRequest::LastInput { .. }).then(|| {
            let (send, heard) = bounded(1);
            let _ = instance.worker.send(WorkerCommand::CopyRecent(send));
            heard
        });
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let job = move || {
            tracing::info!("building an index: {request:?}");
            let outcome = run(&request, &instance, heard.as_ref(), &shared);
            match &outcome {
                Ok(made) => tracing::info!("index: {}", made.said),
                Err(error) => tracing::warn!("no index was built: {error}"),
            }
            done(outcome);
        };
        match std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(job)
        {
            Ok(thread) => {
                slot.last = IndexWork::None;
                slot.running = Some(Running { progress, thread });
            }
            Err(error) => {
                slot.last = IndexWork::Failed {
                    why: IndexRequestError::Thread(error).to_string(),
                };
            }
        }
    }

    /// Asks the work to end; what is encoded is kept for the same request again.
    pub fn stop(&self) {
        if let Some(running) = &self.0.lock().running {
            running.progress.stop();
        }
    }

    /// How things stand.
    #[must_use]
    pub fn work(&self) -> IndexWork {
        let mut slot = self.0.lock();
        slot.clear_away();
        match &slot.running {
            Some(Running { progress, .. }) => IndexWork::Running {
                fraction: progress.fraction(),
                what: progress.what(),
                remaining: progress.left(),
            },
            None => slot.last.clone(),
        }
    }

    /// Sets what [`Self::work`] gives once the running request has ended.
    pub fn publish(&self, work: IndexWork) {
        self.0.lock().last = work;
    }

    /// Ends the work and waits for that: at most the encoding of one window or one
    /// round of training. No other request is taken after this.
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
    /// Takes a thread away that has ended.
    fn clear_away(&mut self) {
        if let Some(Running { thread, .. }) = self.running.take_if(|running| running.thread.is_finished())
            && thread.join().is_err()
        {
            self.last = IndexWork::Failed {
                why: "the index could not be built: an internal error".into(),
            };
        }
    }
}
