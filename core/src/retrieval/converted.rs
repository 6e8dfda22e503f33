//! Files that are converted when they are opened.

use std::io::{Read, Seek};
use std::sync::Arc;
use std::time::Instant;

use super::conversion::Conversion;
use super::error::IndexFileError;
use super::flat::FlatIndex;
use super::ivf::{Filed, IvfIndex};
use super::reconstruct::{self, InvertedLists, Reconstructed};
use super::{EmbeddingIndex, IdFilter, Metric, Neighbours, Preset, SearchError, SearchParams, Sidecar};
use crate::frames::Frames;

/// Reads a file of a kind that is not searched as it is.
pub(super) fn convert(
    source: impl Read + Seek,
    len: u64,
    expected_dim: Option<usize>,
) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    let started = Instant::now();
    let Reconstructed {
        metric,
        vectors,
        ids,
        lists,
        kind,
        losses,
        unit_length,
    } = reconstruct::read(source, len, expected_dim)?;
    let count = vectors.len();
    let (index, to_ivf): (Box<dyn EmbeddingIndex>, bool) = match lists {
        Some(InvertedLists {
            centroids,
            list_of_row,
        }) => {
            let filed = Filed {
                vectors,
                centroids,
                list_of_row,
                metric,
            };
            (Box::new(IvfIndex::of_lists(filed)?), true)
        }
        None => (Box::new(FlatIndex::of_rows(vectors, metric)), false),
    };
    let conversion = Conversion {
        from: kind,
        to_ivf,
        vectors: count,
        seconds: started.elapsed().as_secs_f32(),
        memory_bytes: index.memory_bytes(),
        losses,
        renumbered: ids.is_some(),
        unit_length,
    };
    Ok(Arc::new(ConvertedIndex { index, conversion }))
}

/// An index, and how it came about.
struct ConvertedIndex {
    index: Box<dyn EmbeddingIndex>,
    conversion: Conversion,
}

impl EmbeddingIndex for ConvertedIndex {
    fn dim(&self) -> usize {
        self.index.dim()
    }

    fn len(&self) -> usize {
        self.index.len()
    }

    fn metric(&self) -> Metric {
        self.index.metric()
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.index.search(queries, params, out)
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.index.search_among(queries, params, among, out)
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        self.index.vector(id, out)
    }

    fn kind(&self) -> Preset {
        self.index.kind()
    }

    fn list_sizes(&self) -> Vec<usize> {
        self.index.list_sizes()
    }

    fn memory_bytes(&self) -> usize {
        self.index.memory_bytes()
    }

    fn sidecar(&self) -> Option<&Sidecar> {
        self.index.sidecar()
    }

    fn conversion(&self) -> Option<&Conversion> {
        Some(&self.conversion)
    }
}
