//! Why an encoder cannot be built.

use super::super::error::ReadError;

/// An encoder that cannot be built, as a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EncoderFileError {
    /// Its numbers cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is none in the file.
    #[error("it holds no HuBERT or ContentVec weights: choose one of these as the encoder")]
    NoEncoder,
    /// A part is not there.
    #[error("the encoder has no `{name}`: it is not whole; copy or download it again")]
    Missing {
        /// Which tensor.
        name: String,
    },
    /// A part has other sizes than the rest wants.
    #[error(
        "`{name}` of the encoder has the shape {found:?} where {wanted:?} is needed: it is damaged, or no HuBERT base; choose ContentVec or HuBERT base"
    )]
    Shape {
        /// Which tensor.
        name: String,
        /// Its shape.
        found: Vec<u64>,
        /// What fits.
        wanted: Vec<usize>,
    },
    /// Another kind than the base model.
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
        /// Values per embedding that the voice wants.
        wanted: usize,
    },
}
