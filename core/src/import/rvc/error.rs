//! Errors of building an RVC voice.

use super::super::error::ReadError;

/// Why a voice cannot be built, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum VoiceFileError {
    /// Its weights cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A part is missing.
    #[error(
        "the voice has no `{name}`: it is incomplete, or was made by another program; export it again with RVC"
    )]
    Missing {
        /// Which tensor.
        name: String,
    },
    /// A part does not fit the sizes of the others.
    #[error(
        "`{name}` of the voice has the shape {found:?}, but the rest of the voice needs {wanted:?}: it is damaged, or was combined from two voices; export it again with RVC"
    )]
    Shape {
        /// Which tensor.
        name: String,
        /// Its shape.
        found: Vec<u64>,
        /// What fits.
        wanted: Vec<usize>,
    },
    /// `config` is invalid.
    #[error("the voice's `config` is invalid ({what}): export it again with RVC")]
    Config {
        /// What is wrong.
        what: String,
    },
    /// Another kind of generator than RVC's own.
    #[error(
        "the voice uses {what}, which Voxmeld does not support: choose a voice with RVC's HiFi-GAN, or its ONNX export"
    )]
    Unsupported {
        /// What.
        what: String,
    },
}

impl VoiceFileError {
    pub(super) fn config(what: impl Into<String>) -> Self {
        Self::Config { what: what.into() }
    }
}
