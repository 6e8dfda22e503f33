//! What can go wrong where a voice is loaded.

use crate::model::onnx::ModelFileError;
use crate::model::{ModelError, VoiceError};
use crate::pack::PackError;
use crate::retrieval::IndexFileError;

/// A voice that cannot be loaded; what sounds goes on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A model file.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The index file.
    #[error(transparent)]
    Index(#[from] IndexFileError),
    /// Parts that do not go together.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// The first run failed.
    #[error(transparent)]
    FirstRun(#[from] ModelError),
    /// A part that neither the selection nor a pack names.
    #[error("no {what} was chosen")]
    Nothing {
        /// Which part.
        what: &'static str,
    },
    /// The pack has no such target.
    #[error("the voice pack \"{pack}\" has no target voice \"{index}\"")]
    NoSuchIndex {
        /// The pack's name.
        pack: String,
        /// The target's.
        index: String,
    },
}
