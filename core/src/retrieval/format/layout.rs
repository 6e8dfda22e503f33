//! Where the parts of an inverted file lie.

use std::ops::Range;

use crate::retrieval::search::Metric;

/// What the header of an inverted file says, found consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::retrieval) struct IvfLayout {
    /// Where it begins in the file.
    pub start: u64,
    /// Values per vector.
    pub dim: usize,
    /// Number of vectors.
    pub len: usize,
    /// How vectors are compared.
    pub metric: Metric,
    /// Number of inverted lists.
    pub n_list: usize,
    /// Where the lists' vectors lie, in the order of the file. They were passed over:
    /// that they are numbers is seen when faiss reads them.
    pub vectors: Vec<Range<u64>>,
}
