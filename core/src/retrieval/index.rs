//! The seam between blending and whatever holds the vectors.

use super::conversion::Conversion;
use super::filter::IdFilter;
use super::plan::Preset;
use super::search::{Metric, Neighbours, SearchError};
use super::sidecar::Sidecar;
use crate::controls::{MAX_K, SearchParams};
use crate::frames::Frames;

/// A set of embeddings that can be searched. Shared between instances, so
/// everything that varies is an argument and nothing is mutable.
pub trait EmbeddingIndex: Send + Sync {
    /// Values per vector.
    fn dim(&self) -> usize;
    /// Number of vectors; never 0 for an index that was opened.
    fn len(&self) -> usize;
    /// True if it holds no vector.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How vectors are compared.
    fn metric(&self) -> Metric;
    /// Finds the `k` nearest vectors of every frame. `out` is overwritten; its
    /// memory is reused.
    ///
    /// # Errors
    /// See [`SearchError`]; `out` is then unspecified.
    fn search(&self, queries: &Frames, params: SearchParams, out: &mut Neighbours)
    -> Result<(), SearchError>;
    /// As [`Self::search`], among the vectors that `among` allows.
    ///
    /// This default asks for as many neighbours as there may be and drops the
    /// others: where most vectors are excluded, it finds fewer than `k`.
    ///
    /// # Errors
    /// As [`Self::search`].
    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        let wide = SearchParams { k: MAX_K, ..params };
        self.search(queries, wide, out)?;
        out.keep(params.k.clamp(1, MAX_K), self.metric(), |id| among.allows(id));
        Ok(())
    }
    /// Copies vector `id` (0 to `len - 1`) into `out`. False if there is no such id.
    ///
    /// # Panics
    /// If `out` has not `dim` values.
    fn vector(&self, id: i64, out: &mut [f32]) -> bool;
    /// The preset that makes indices of its kind.
    fn kind(&self) -> Preset {
        Preset::Flat
    }
    /// Vectors in each inverted list; an index without lists is one list.
    fn list_sizes(&self) -> Vec<usize> {
        vec![self.len()]
    }
    /// Bytes of memory that it holds, about: the vectors, and 16 per id.
    fn memory_bytes(&self) -> usize {
        self.len() * (self.dim() * size_of::<f32>() + 16)
    }
    /// How the file was converted when it was opened; `None` if it is searched as it is.
    fn conversion(&self) -> Option<&Conversion> {
        None
    }
    /// What is known about the vectors, where the file had a sidecar.
    fn sidecar(&self) -> Option<&Sidecar> {
        None
    }
}
