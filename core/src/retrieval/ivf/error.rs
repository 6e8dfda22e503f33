//! What can go wrong where an index is made or saved.

/// An index that was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nothing to build from.
    #[error("there are no vectors to build an index from; record or choose more speech")]
    NoVectors,
    /// Fewer vectors than lists, or no list.
    #[error("an index of {vectors} vectors cannot have {lists} lists; at most one list per vector")]
    ListCount {
        /// Lists asked for.
        lists: usize,
        /// Vectors there are.
        vectors: usize,
    },
    /// NaN or infinity.
    #[error("the vectors hold values that are not numbers")]
    NonFinite,
    /// More than the format or we can take.
    #[error("{0} is more than an index can have")]
    TooLarge(usize),
    /// faiss refused.
    #[error("faiss could not build the index: {0}")]
    Backend(String),
    /// What was asked, between two rounds of training.
    #[error("stopped")]
    Stopped,
}

/// An index that was not saved. A file that was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file could not be made or named.
    #[error("the index could not be saved: {0}")]
    File(#[from] std::io::Error),
    /// It could not be written to its end.
    #[error("the index could not be written: {0}")]
    Write(String),
}
