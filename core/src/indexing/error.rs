//! What can go wrong on the way from recordings to an index.

use std::path::PathBuf;

use super::finish::FinishError;
use crate::model::ModelError;
use crate::model::onnx::ModelFileError;
use crate::retrieval::{IndexFileError, PlanError};

/// An index that was not made.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The folder.
    #[error("{} cannot be read: {why}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Nothing in it.
    #[error("{} holds no recordings (WAV, FLAC, MP3, OGG)", path.display())]
    NoRecordings {
        /// Which folder.
        path: PathBuf,
    },
    /// Nothing in them.
    #[error("no speech was found{}", if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) })]
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
    /// Vectors of length 1 cannot be lengthened again.
    #[error(
        "this index is compared by cosine and does not keep how long its vectors were; build it anew from its recordings"
    )]
    Directions,
    /// Nothing is known about where its vectors are from.
    #[error("this index has no sidecar that tells what it is made of; build it anew from its recordings")]
    NotKnown,
    /// A name that the index has not.
    #[error("this index holds no recording named {name}; `voxmeld-cli index info` lists them")]
    NoSuchRecording {
        /// The name.
        name: String,
    },
    /// Building or writing it.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// What was asked; the same call goes on from here.
    #[error("stopped; start it again to continue from there")]
    Stopped,
}
