//! What can be asked of the builder, and what comes of it.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use crate::indexing::IndexingError;
use crate::pack::PackError;
use crate::selection::{EncoderChoice, VoiceSelection};
use crate::worker::WorkerCommand;

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexRequest {
    /// An index of all recordings in a folder; it lies in that folder and has its name.
    Folder(PathBuf),
    /// The last half minute of input, as one more recording of the index that is
    /// chosen. A pack's index stays as it is: a copy of it grows in the folder `own`.
    LastInput {
        /// Folder for indices that lie nowhere yet.
        own: PathBuf,
    },
}

/// A request that failed. Indices that were there are as they were.
#[derive(Debug, thiserror::Error)]
pub enum IndexRequestError {
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

/// What a request needs to know of its instance, as it was when it was made.
pub struct Instance {
    /// What was chosen.
    pub selection: VoiceSelection,
    /// The encoder of the voice that runs.
    pub encoder: Option<EncoderChoice>,
    /// The way to the worker.
    pub worker: Sender<WorkerCommand>,
}

/// What a request made.
pub struct IndexResult {
    /// What to choose now.
    pub selection: VoiceSelection,
    /// One sentence for the user.
    pub said: String,
}
