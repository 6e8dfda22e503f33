//! Errors of loading a voice.

use crate::library::WantedEncoder;
use crate::model::VoiceError;
use crate::model::onnx::ModelFileError;
use crate::pack::PackError;
use crate::retrieval::IndexFileError;

/// Why a voice cannot be loaded; the running voice is kept.
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
    /// Parts that do not fit together.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// A part that is in neither the selection nor a pack.
    #[error("no {what} is chosen: choose one, or a voice pack")]
    NotChosen {
        /// Which part.
        what: &'static str,
    },
    /// The voice's encoder is neither chosen nor installed.
    #[error("the voice needs {}, and none is chosen: choose {}", .wanted.what(), .wanted.advice())]
    NoEncoder {
        /// Which encoder.
        wanted: WantedEncoder,
    },
    /// The pack has no such target.
    #[error("the voice pack \"{pack}\" has no target voice \"{index}\": choose another target")]
    NoSuchIndex {
        /// The pack's name.
        pack: String,
        /// The target's.
        index: String,
    },
}
