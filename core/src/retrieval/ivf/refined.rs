//! A quick index with exact re-ranking of what it finds (`RFlat`).
//!
//! faiss runs the quick one; the re-ranking is ours, over the one copy of the
//! vectors that there is. So the number of candidates goes along with each search
//! (faiss would keep it in the shared index), and vectors are given exactly.

use std::io::{Read, Seek};

use super::handle::Handle;
use super::openmp::OneThread;
use super::{BATCH, IvfIndex, Probes, stream};
use crate::frames::Frames;
use crate::retrieval::distance;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::flat::{Best, check_queries};
use crate::retrieval::format::{MAX_K_FACTOR, RefinedLayout};
use crate::retrieval::rows::Rows;
use crate::retrieval::{
    EmbeddingIndex, IdFilter, MAX_K, Metric, Neighbours, Preset, SearchError, SearchParams,
};

/// A faiss `IndexRefineFlat` over an inverted file.
pub struct RefinedIndex {
    base: IvfIndex,
    vectors: Rows,
    k_factor: f32,
}

impl RefinedIndex {
    /// Lets faiss read the quick index of a file that passed the check.
    pub(in crate::retrieval) fn load(
        source: impl Read + Seek + 'static,
        layout: RefinedLayout,
    ) -> Result<Self, IndexFileError> {
        let _bounded = OneThread::here();
        let base = Handle::new(stream::read(
            source,
            layout.base.start,
            layout.base.vectors.clone(),
        )?)
        .and_then(|mut handle| {
            handle.forget_ids()?;
            IvfIndex::without_ids(handle)
        })
        .map_err(IndexFileError::Backend)?;
        if !base.is_laid_out(&layout.base) {
            let what = "it changed while it was read";
            return Err(IndexFileError::Corrupt { what });
        }
        Ok(Self {
            vectors: layout.vectors,
            base,
            k_factor: layout.k_factor,
        })
    }

    /// Candidates that the quick look hands over.
    fn candidates(&self, k: usize, k_factor: usize) -> usize {
        let wanted = if k_factor == 0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most MAX_K times MAX_K_FACTOR; cut off as faiss does"
            )]
            let wanted = (k as f32 * self.k_factor) as usize;
            wanted
        } else {
            k * k_factor.min(MAX_K_FACTOR)
        };
        // At least k slots, as faiss wants; never more candidates than vectors otherwise.
        wanted.min(self.vectors.len()).max(k)
    }

    fn search_with(
        &self,
        queries: &Frames,
        params: SearchParams,
        probes: &Probes<'_>,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        check_queries(self, queries)?;
        let k = params.k.clamp(1, MAX_K);
        out.reset(k, queries.len(), self.base.metric);
        let candidates = self.candidates(k, params.k_factor);
        let _bounded = OneThread::here();
        let mut found = vec![0; candidates * BATCH.min(queries.len())];
        let mut rough = vec![0.0; found.len()];
        let batches = queries
            .data()
            .chunks(BATCH * self.base.dim)
            .zip(out.ids.chunks_mut(BATCH * k))
            .zip(out.distances.chunks_mut(BATCH * k));
        for ((queries, ids), distances) in batches {
            let slots = queries.len() / self.base.dim * candidates;
            let (found, rough) = (&mut found[..slots], &mut rough[..slots]);
            self.base
                .handle
                .search(queries, candidates, probes, found, rough)
                .map_err(SearchError::Backend)?;
            let frames = queries.chunks(self.base.dim).zip(found.chunks(candidates));
            let slots = ids.chunks_mut(k).zip(distances.chunks_mut(k));
            for ((query, found), (ids, distances)) in frames.zip(slots) {
                self.rerank(query, found, ids, distances);
            }
        }
        Ok(())
    }

    /// The exact distances of one frame's candidates, the best `k` of them kept.
    fn rerank(&self, query: &[f32], candidates: &[i64], ids: &mut [i64], distances: &mut [f32]) {
        let mut best = Best::new(ids, distances, self.base.metric);
        for &id in candidates {
            // Ids were checked when the file was read; an empty slot is -1.
            let Some(row) = usize::try_from(id).ok().filter(|&row| row < self.vectors.len()) else {
                continue;
            };
            let vector = self.vectors.row(row);
            best.offer(id, distance::of(self.base.metric, query, vector));
        }
    }
}

impl EmbeddingIndex for RefinedIndex {
    fn dim(&self) -> usize {
        self.base.dim
    }

    fn len(&self) -> usize {
        self.vectors.len()
    }

    fn metric(&self) -> Metric {
        self.base.metric
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        let n_probe = params.n_probe.clamp(1, self.base.n_list);
        let probes = Probes::new(n_probe).map_err(SearchError::Backend)?;
        self.search_with(queries, params, &probes, out)
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        let n_probe = params.n_probe.clamp(1, self.base.n_list);
        let probes = Probes::among(n_probe, among).map_err(SearchError::Backend)?;
        self.search_with(queries, params, &probes, out)
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        let Some(row) = usize::try_from(id).ok().filter(|&row| row < self.len()) else {
            return false;
        };
        out.copy_from_slice(self.vectors.row(row));
        true
    }

    fn memory_bytes(&self) -> usize {
        // Codes of at most half a byte per two values, ids, vectors.
        self.len() * (self.base.dim / 4 + 8 + self.base.dim * size_of::<f32>())
    }

    fn kind(&self) -> Preset {
        Preset::Guide
    }

    fn list_sizes(&self) -> Vec<usize> {
        self.base.list_sizes()
    }
}
