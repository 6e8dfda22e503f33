//! Inverted-file search with faiss. The only room that names it.
//!
//! Thread: loader (load, build, save), worker (search). One index is shared by
//! all instances: a search takes `&self`, and what varies (k, n_probe) goes
//! along with each call instead of being set on the index, as faiss's own
//! `nprobe` would be.

mod assign;
mod build;
mod error;
mod factory;
mod handle;
mod of_lists;
mod openmp;
mod raw;
mod refined;
mod save;
mod stream;

pub use super::plan::{flat_lists, rvc_list_count};
pub use assign::Assigner;
pub use error::{BuildError, SaveError};
pub use factory::{ROUNDS, Trained};
pub(super) use of_lists::Filed;
pub use refined::RefinedIndex;

use std::io::{Read, Seek};

use super::error::IndexFileError;
use super::flat::check_queries;
use super::format::IvfLayout;
use super::{EmbeddingIndex, IdFilter, MAX_K, Metric, Neighbours, Preset, SearchError, SearchParams};
use crate::frames::Frames;
use handle::{Handle, Probes};
use openmp::OneThread;

/// Queries handed to faiss at a time. From 20 on it finds the nearest list with
/// a matrix product, which rounds otherwise: the same frame could then go to
/// another list because its neighbours in the batch changed. Below, each frame
/// is searched for itself, and the result does not depend on the hop.
const BATCH: usize = 16;

/// A faiss IVF-Flat index.
pub struct IvfIndex {
    handle: Handle,
    dim: usize,
    len: usize,
    metric: Metric,
    n_list: usize,
}

impl IvfIndex {
    /// Lets faiss read the part of a file that [`super::format::check`] has accepted, makes
    /// the map from ids to vectors, and searches once, because the first search
    /// is several times slower than all others.
    pub(super) fn load(
        source: impl Read + Seek + 'static,
        layout: &IvfLayout,
    ) -> Result<Self, IndexFileError> {
        let _bounded = OneThread::here();
        let index = Handle::new(stream::read(source, layout.start, layout.vectors.clone())?)
            .and_then(Self::from_handle)
            .map_err(IndexFileError::Backend)?;
        if !index.is_laid_out(layout) {
            let what = "it changed while it was read";
            return Err(IndexFileError::Corrupt { what });
        }
        Ok(index)
    }

    fn from_handle(mut handle: Handle) -> Result<Self, String> {
        handle.map_ids()?;
        Self::without_ids(handle)
    }

    /// One whose vectors are never asked for: without the map from ids to places.
    fn without_ids(handle: Handle) -> Result<Self, String> {
        let (dim, len, metric, n_list) = (handle.dim(), handle.len(), handle.metric(), handle.n_list());
        let index = Self {
            handle,
            dim,
            len,
            metric,
            n_list,
        };
        let zeros = Frames::from_data(dim, vec![0.0; dim]);
        index
            .search(&zeros, SearchParams::default(), &mut Neighbours::default())
            .map_err(|error| error.to_string())?;
        Ok(index)
    }

    fn is_laid_out(&self, layout: &IvfLayout) -> bool {
        (self.dim, self.len, self.metric, self.n_list)
            == (layout.dim, layout.len, layout.metric, layout.n_list)
    }

    fn search_with(
        &self,
        queries: &Frames,
        k: usize,
        probes: &Probes<'_>,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        check_queries(self, queries)?;
        let k = k.clamp(1, MAX_K);
        out.reset(k, queries.len(), self.metric);
        let _bounded = OneThread::here();
        let batches = queries
            .data()
            .chunks(BATCH * self.dim)
            .zip(out.ids.chunks_mut(BATCH * k))
            .zip(out.distances.chunks_mut(BATCH * k));
        for ((queries, ids), distances) in batches {
            self.handle
                .search(queries, k, probes, ids, distances)
                .map_err(SearchError::Backend)?;
        }
        Ok(())
    }

    /// Number of inverted lists.
    #[must_use]
    pub fn n_list(&self) -> usize {
        self.n_list
    }
}

impl EmbeddingIndex for IvfIndex {
    fn dim(&self) -> usize {
        self.dim
    }

    fn len(&self) -> usize {
        self.len
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        let n_probe = params.n_probe.clamp(1, self.n_list);
        let probes = Probes::new(n_probe).map_err(SearchError::Backend)?;
        self.search_with(queries, params.k, &probes, out)
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        let n_probe = params.n_probe.clamp(1, self.n_list);
        let probes = Probes::among(n_probe, among).map_err(SearchError::Backend)?;
        self.search_with(queries, params.k, &probes, out)
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        assert_eq!(out.len(), self.dim, "a vector of the index's size");
        let known = usize::try_from(id).is_ok_and(|id| id < self.len);
        known && self.handle.reconstruct(id, out)
    }

    fn kind(&self) -> Preset {
        Preset::RvcDefault
    }

    fn list_sizes(&self) -> Vec<usize> {
        self.handle.list_sizes()
    }
}
