//! Requests to the builder, their errors and results.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use crate::indexing::IndexingError;
use crate::pack::PackError;
use crate::selection::{EncoderChoice, VoiceSelection};
use crate::worker::WorkerCommand;

/// An index to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexRequest {
    /// An index of all recordings in a folder, stored in that folder under its name.
    Folder(PathBuf),
    /// Adds the last half minute of input to the chosen index as one more recording. A
    /// pack's index is not changed: a copy of it in the folder `own` is extended.
    LastInput {
        /// Folder for the user's own indices.
        own: PathBuf,
    },
}

/// A failed request. Existing indices are unchanged.
#[derive(Debug, thiserror::Error)]
pub enum IndexRequestError {
    /// No voice is loaded, so there is no encoder.
    #[error("an index is made with a voice's encoder: load a voice first")]
    NoVoice,
    /// There is less than half a second of input.
    #[error("there is no input yet: let the host play or record through the plugin first")]
    NoInput,
    /// The recording could not be written.
    #[error("the input could not be written to {}: {why}", path.display())]
    Recording {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// The pack of the index to be extended.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The index.
    #[error(transparent)]
    Indexing(#[from] IndexingError),
    /// The thread could not be started.
    #[error("the index could not be built: {0}")]
    Thread(#[from] std::io::Error),
}

/// State of the instance at the time of the request.
pub struct Instance {
    /// The voice selection.
    pub selection: VoiceSelection,
    /// The encoder of the running voice.
    pub encoder: Option<EncoderChoice>,
    /// Commands to the worker.
    pub worker: Sender<WorkerCommand>,
}

/// Result of a request.
pub struct IndexResult {
    /// Selection with the new index.
    pub selection: VoiceSelection,
    /// One sentence for the user.
    pub summary: String,
}
