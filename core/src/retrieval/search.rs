//! What a search gives, how vectors are compared, and what can go wrong.

/// Id of an empty slot: fewer than `k` vectors were found for that frame.
pub const NO_NEIGHBOUR: i64 = -1;

/// Result of a search: `frames x k` ids and distances, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// Neighbours per frame.
    pub k: usize,
    /// `[frames * k]`; [`NO_NEIGHBOUR`] marks an empty slot.
    pub ids: Vec<i64>,
    /// `[frames * k]`; for L2 the *squared* distance, as faiss gives it; for
    /// inner product the similarity (larger is nearer). An empty slot has the
    /// worst value there is (`f32::MAX` or `f32::MIN`).
    pub distances: Vec<f32>,
}

impl Neighbours {
    /// Ids and distances of one frame.
    ///
    /// # Panics
    /// If `frame` is out of range.
    #[must_use]
    pub fn of_frame(&self, frame: usize) -> (&[i64], &[f32]) {
        let range = frame * self.k..(frame + 1) * self.k;
        (&self.ids[range.clone()], &self.distances[range])
    }
}

/// How an index compares vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Squared Euclidean distance.
    L2,
    /// Inner product (larger is nearer).
    InnerProduct,
}

/// A search that could not be done; the hop goes on with the live embedding.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The encoder and the index do not belong together.
    #[error("the index holds {index}-dimensional vectors, the encoder makes {query}-dimensional ones")]
    Dimension {
        /// Dimension of the index.
        index: usize,
        /// Dimension of the query.
        query: usize,
    },
    /// A query held NaN or infinity.
    #[error("the encoder made a value that is not a number")]
    NonFiniteQuery,
    /// faiss itself refused.
    #[error("the index could not be searched: {0}")]
    Backend(String),
}
