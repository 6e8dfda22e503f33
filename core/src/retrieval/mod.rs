//! Nearest-neighbour retrieval over a target voice's embeddings.
//!
//! Thread: worker (search) and loader (open, health check). Nothing here is
//! ever called from the audio thread.

pub mod blend;
mod compat;
pub mod deadline;
mod described;
pub(crate) mod distance;
mod error;
mod filter;
pub mod flat;
mod format;
pub mod health;
pub mod ivf;
mod open;
mod plan;
pub mod recall;
mod rows;
mod sidecar;

pub use blend::{Mean, Retrieved, blend, retrieve, squared_distances, weighted_mean};
pub use compat::retrieve_as_rvc;
pub use described::{mean_length, normalize};
pub use error::IndexFileError;
pub use filter::IdFilter;
pub use flat::FlatIndex;
pub use format::{MAX_DIM, MAX_FILE_BYTES};
pub use ivf::IvfIndex;
pub use open::open;
pub use plan::{Plan, PlanError, Preset, probe_warning, rvc_file_name};
pub use recall::{Measured, Probe, Sampled, held_out_rows, nearest_of_sample, nearest_rows};
pub use sidecar::{
    CentresInfo, Comparison, DistancePercentiles, EncoderInfo, RecallPoint, RecallTable, Sidecar,
    SidecarError, Source, Span,
};

use crate::frames::Frames;

/// What to look for. All of it may change from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchParams {
    /// Neighbours per frame; a search takes 0 as 1 and more than [`MAX_K`] as
    /// that ([`Neighbours::k`] says what it was).
    pub k: usize,
    /// Inverted lists visited per frame (1 = the nearest cell only). An exact
    /// index ignores it; 0 counts as 1, more than there are lists as all of them.
    pub n_probe: usize,
    /// Where an index looks twice (`RFlat`): how many times `k` candidates the
    /// quick look hands to the exact one. 0 is what the index itself says. Other
    /// indices ignore it.
    pub k_factor: usize,
    /// True: every target is searched in the number of lists that its recall table
    /// recommends ([`RecallTable::auto_probes`]), whatever `n_probe` says. Resolved
    /// before an index is asked ([`crate::blend::Target::search`]); an index that is
    /// searched directly ignores it.
    pub auto_probes: bool,
}

/// Most neighbours that may be asked for.
pub const MAX_K: usize = 64;

impl Default for SearchParams {
    /// RVC's habit: 8 neighbours; one probe, as the index files are made for.
    fn default() -> Self {
        Self {
            k: 8,
            n_probe: 1,
            k_factor: 0,
            auto_probes: false,
        }
    }
}

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
    /// As [`Self::search`], among the vectors that `among` lets pass.
    ///
    /// This default asks for as many neighbours as there may be and drops the
    /// others: where most vectors are shut out, it finds fewer than `k`.
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
        out.keep(params.k.clamp(1, MAX_K), self.metric(), |id| among.lets_pass(id));
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
    /// What is known about the vectors, where the file had a sidecar.
    fn sidecar(&self) -> Option<&Sidecar> {
        None
    }
}
