//! Why an RVC voice cannot be built.

use super::super::error::ReadError;

/// A voice that cannot be built, as a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VoiceFileError {
    /// Its numbers cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A part is not there.
    #[error(
        "the voice has no `{name}`: it is not whole, or was made by another program; export it again with RVC"
    )]
    Missing {
        /// Which tensor.
        name: String,
    },
    /// A part has other sizes than the rest wants.
    #[error(
        "`{name}` of the voice has the shape {found:?} where the rest of it wants {wanted:?}: it is damaged, or was put together from two voices; export it again with RVC"
    )]
    Shape {
        /// Which tensor.
        name: String,
        /// Its shape.
        found: Vec<u64>,
        /// What fits.
        wanted: Vec<usize>,
    },
    /// `config` says what cannot be.
    #[error("the voice's `config` cannot be right ({what}): export it again with RVC")]
    Config {
        /// What is wrong.
        what: String,
    },
    /// Another kind of generator than RVC's own.
    #[error(
        "the voice uses {what}, which Voxmeld does not have: choose a voice with RVC's HiFi-GAN, or its ONNX export"
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
