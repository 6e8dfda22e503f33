//! What all files of this room read into, and their errors.

use crate::retrieval::error::IndexFileError;
use crate::retrieval::rows::Rows;
use crate::retrieval::search::Metric;

/// Most bytes that vectors may take once they are reconstructed: 700,000 vectors of 768
/// values. Codes can be a thousand times smaller than their vectors, so the size of the
/// file does not bound this.
const MAX_BYTES: u64 = 2 << 30;

/// The vectors of a file, and how they were kept there.
pub(in crate::retrieval) struct Reconstructed {
    /// How vectors are compared.
    pub metric: Metric,
    /// The vectors, in the order of their ids.
    pub vectors: Rows,
    /// The file's own ids, ascending; `None` if they are 0, 1, 2, ...
    pub ids: Option<Vec<i64>>,
    /// Inverted lists, where the file has usable ones.
    pub lists: Option<InvertedLists>,
    /// Description of the index kind, for the user.
    pub kind: String,
    /// Description of the loss by the codes, for the user; empty if the vectors are exact.
    pub losses: Vec<String>,
    /// The file keeps directions only (`L2norm`).
    pub unit_length: bool,
}

/// Which list each vector is in.
pub(in crate::retrieval) struct InvertedLists {
    /// One per list, in the space of the vectors.
    pub centroids: Rows,
    /// The list of each vector.
    pub list_of_row: Vec<u32>,
}

/// Zeros for `len` vectors of `dim` values, or an error if that is more than
/// [`MAX_BYTES`]. The file has to hold at least `len` codes.
pub(super) fn zeros(dim: usize, len: u64) -> Result<Rows, IndexFileError> {
    let bytes = len.saturating_mul(dim as u64).saturating_mul(4);
    match usize::try_from(len) {
        Ok(len) if bytes <= MAX_BYTES => Ok(Rows::zeros(dim, len)),
        _ => Err(IndexFileError::TooLarge {
            what: "vectors, once they are reconstructed from its codes, with a size in bytes",
            declared: bytes,
            limit: MAX_BYTES,
        }),
    }
}

pub(super) fn corrupt(what: &'static str) -> IndexFileError {
    IndexFileError::Corrupt { what }
}

pub(super) fn unsupported(kind: impl Into<String>) -> IndexFileError {
    IndexFileError::UnsupportedKind { kind: kind.into() }
}
