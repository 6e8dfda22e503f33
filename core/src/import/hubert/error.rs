//! Errors of building an encoder.

use super::super::error::ReadError;

/// Why an encoder cannot be built, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum EncoderFileError {
    /// Its weights cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file contains no encoder.
    #[error("it holds no HuBERT or ContentVec weights: choose one of these as the encoder")]
    NoEncoder,
    /// A part is missing.
    #[error("the encoder has no `{name}`: the file is incomplete; copy or download it again")]
    Missing {
        /// Which tensor.
        name: String,
    },
    /// A part does not fit the sizes of the others.
    #[error(
        "`{name}` of the encoder has the shape {found:?}, but {wanted:?} is needed: the file is damaged, or is not HuBERT base; choose ContentVec or HuBERT base"
    )]
    Shape {
        /// Which tensor.
        name: String,
        /// Its shape.
        found: Vec<u64>,
        /// What fits.
        wanted: Vec<usize>,
    },
    /// Not the base model.
    #[error(
        "the encoder has {what}, which RVC's encoders do not have: choose ContentVec or HuBERT base (12 layers of 768 values)"
    )]
    Unsupported {
        /// What.
        what: String,
    },
    /// The 256 values of RVC v1 need a projection that the file does not have.
    #[error(
        "the encoder has no final_proj, which makes the {wanted} values that this voice was trained with (RVC v1): choose ContentVec (checkpoint_best_legacy_500.pt) or RVC's hubert_base.pt, which have it"
    )]
    NoProjection {
        /// Values per embedding that the voice needs.
        wanted: usize,
    },
}
