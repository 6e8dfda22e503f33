//! Errors of building an index.

use std::path::PathBuf;

use super::finish::FinishError;
use crate::model::ModelError;
use crate::model::onnx::ModelFileError;
use crate::names::{shown, shown_path};
use crate::retrieval::{IndexFileError, PlanError};
use crate::whole_file::PlaceError;

/// An index that was not made.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The folder.
    #[error("{} cannot be read: {why}", shown_path(path))]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Nothing in it.
    #[error("{} holds no recordings{}", shown_path(path), list(left_out))]
    NoRecordings {
        /// Which folder.
        path: PathBuf,
        /// What it holds instead.
        left_out: Vec<String>,
    },
    /// Nothing in them.
    #[error("no speech was found{}", list(reasons))]
    NoSpeech {
        /// Why recordings were left out.
        reasons: Vec<String>,
    },
    /// The encoder's file.
    #[error(transparent)]
    Encoder(#[from] ModelFileError),
    /// The encoder while running.
    #[error(transparent)]
    Encoding(#[from] ModelError),
    /// The choice of an index.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The index that was to be added to is of another encoder.
    #[error("this index was made with another encoder; choose that one, or build the index anew")]
    OtherEncoder,
    /// The index that was to be changed.
    #[error(transparent)]
    Index(#[from] IndexFileError),
    /// Normalised vectors cannot be scaled back.
    #[error(
        "this index is compared by cosine and does not keep how long its vectors were; build it anew from its recordings"
    )]
    Directions,
    /// The index has no sidecar.
    #[error("this index has no sidecar that lists its recordings; build it anew from its recordings")]
    NotKnown,
    /// The index has no recording of this name.
    #[error(
        "this index holds no recording named {}; `voxmeld-cli index info` lists them",
        shown(name)
    )]
    NoSuchRecording {
        /// The name.
        name: String,
    },
    /// The place of the index cannot be written to.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The recordings are encoded, but the index could not be written.
    #[error(
        "{} could not be written: {why}; what was encoded is kept in {}: make room, and start it again to continue from there",
        shown_path(path),
        shown_path(kept)
    )]
    NotWritten {
        /// The index.
        path: PathBuf,
        /// Where the embeddings are.
        kept: PathBuf,
        /// What went wrong.
        why: FinishError,
    },
    /// Building or writing it.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// A panic on the way.
    #[error("the index could not be built, an internal error: {why}")]
    Internal {
        /// Its message.
        why: String,
    },
    /// Stopped on request; the same call continues from there.
    #[error("stopped; start it again to continue from there")]
    Stopped,
}

/// Reasons behind a colon; nothing if there are none.
fn list(reasons: &[String]) -> String {
    if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    }
}
