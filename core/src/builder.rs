//! Makes and grows indices while a voice runs: what the editor's two buttons do.
//!
//! Thread: a wish comes from the GUI and returns at once; it is fulfilled on a thread
//! of its own, with an encoder of its own. The worker only copies samples out.

mod fulfil;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;

use crate::indexing::{EncoderChoice, IndexingError, Progress};
use crate::pack::PackError;
use crate::selection::VoiceSelection;
use crate::worker::WorkerCommand;
use fulfil::fulfil;

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexWish {
    /// An index of all recordings in a folder; it lies in that folder and has its name.
    Folder(PathBuf),
    /// The last half minute of input, as one more recording of the index that is
    /// chosen. A pack's index stays as it is: a copy of it grows in the folder `own`.
    LastInput {
        /// Folder for indices that lie nowhere yet.
        own: PathBuf,
    },
}

/// How a wish stands; for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IndexWork {
    /// There was none.
    #[default]
    None,
    /// It is being fulfilled.
    Running {
        /// 0..1.
        fraction: f32,
        /// What is being done, in words.
        what: String,
        /// Time that is left, if it goes on like this.
        left: Option<Duration>,
    },
    /// It is fulfilled, and the index is being loaded.
    Done {
        /// What was made, in a sentence.
        said: String,
    },
    /// It is not; the voice goes on with the index that it had.
    Failed {
        /// Why, in a sentence.
        why: String,
    },
}

/// A wish that was not fulfilled. Indices that were there are as they were.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// No encoder.
    #[error("an index is made with a voice's encoder: load a voice first")]
    NoVoice,
    /// No input.
    #[error("nothing was heard yet: let the plugin run while you speak")]
    NothingHeard,
    /// The recording of the input.
    #[error("the input could not be written to {}: {why}", path.display())]
    Recording {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        why: String,
    },
    /// The pack whose index shall grow.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The index.
    #[error(transparent)]
    Indexing(#[from] IndexingError),
    /// No thread.
    #[error("the index could not be built: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a wish needs to know of its instance, as it was when it was made.
pub struct Instance {
    /// What was chosen.
    pub selection: VoiceSelection,
    /// The encoder of the voice that runs.
    pub encoder: Option<EncoderChoice>,
    /// The way to the worker.
    pub worker: Sender<WorkerCommand>,
}

/// A wish that was fulfilled.
pub struct Fulfilled {
    /// What to choose now.
    pub selection: VoiceSelection,
    /// What to tell.
    pub said: String,
}

/// One instance's wishes, one at a time.
#[derive(Default)]
pub struct IndexBuilder(Mutex<Desk>);

#[derive(Default)]
struct Desk {
    running: Option<Running>,
    last: IndexWork,
    closed: bool,
}

struct Running {
    progress: Arc<Progress>,
    thread: JoinHandle<()>,
}

impl IndexBuilder {
    /// Starts on a wish; `done` hears the outcome on the thread that did the work, and
    /// says how the wish stands then. While another one runs, nothing happens.
    pub fn start(
        &self,
        wish: IndexWish,
        instance: Instance,
        done: impl FnOnce(Result<Fulfilled, WishError>) + Send + 'static,
    ) {
        let mut desk = self.0.lock();
        desk.clear_away();
        if desk.closed || desk.running.is_some() {
            return;
        }
        // Asked for right now: what is said after the click does not belong to it.
        let heard = matches!(wish, IndexWish::LastInput { .. }).then(|| {
            let (send, heard) = bounded(1);
            let _ = instance.worker.send(WorkerCommand::GiveRecent(send));
            heard
        });
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let run = move || {
            tracing::info!("building an index: {wish:?}");
            let outcome = fulfil(&wish, &instance, heard.as_ref(), &shared);
            match &outcome {
                Ok(made) => tracing::info!("index: {}", made.said),
                Err(error) => tracing::warn!("no index was built: {error}"),
            }
            done(outcome);
        };
        match std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(run)
        {
            Ok(thread) => {
                desk.last = IndexWork::None;
                desk.running = Some(Running { progress, thread });
            }
            Err(error) => {
                desk.last = IndexWork::Failed {
                    why: WishError::Thread(error).to_string(),
                };
            }
        }
    }

    /// Asks the work to end; what is encoded is kept for the same wish again.
    pub fn stop(&self) {
        if let Some(running) = &self.0.lock().running {
            running.progress.stop();
        }
    }

    /// How things stand.
    #[must_use]
    pub fn work(&self) -> IndexWork {
        let mut desk = self.0.lock();
        desk.clear_away();
        match &desk.running {
            Some(Running { progress, .. }) => IndexWork::Running {
                fraction: progress.fraction(),
                what: progress.what(),
                left: progress.left(),
            },
            None => desk.last.clone(),
        }
    }

    /// Keeps what is told of the wish that ends.
    pub fn tell(&self, work: IndexWork) {
        self.0.lock().last = work;
    }

    /// Ends the work and waits for that: at most the encoding of one window or one
    /// round of training. No other wish is taken after this.
    pub fn close(&self) {
        let running = {
            let mut desk = self.0.lock();
            desk.closed = true;
            desk.running.take()
        };
        if let Some(Running { progress, thread }) = running {
            progress.stop();
            let _ = thread.join();
        }
    }
}

impl Desk {
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
