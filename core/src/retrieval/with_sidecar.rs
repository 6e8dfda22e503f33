//! An index with its sidecar, which has what the index file does not hold.

use std::sync::Arc;

use super::{
    Comparison, Conversion, EmbeddingIndex, IdFilter, Metric, Neighbours, Preset, SearchError, SearchParams,
    Sidecar,
};
use crate::frames::Frames;

/// Below this length a vector has no direction (the tuning guide's eps).
const EPS: f32 = 1e-12;

/// Makes vectors of length 1.
pub fn normalize(vectors: &mut Frames) {
    for row in 0..vectors.len() {
        let row = vectors.row_mut(row);
        let length = length(row).max(EPS);
        row.iter_mut().for_each(|value| *value /= length);
    }
}

/// Mean length of the vectors, in the encoder's units.
#[must_use]
pub fn mean_length(vectors: &Frames) -> f32 {
    let sum: f64 = vectors.rows().map(|row| f64::from(length(row))).sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a mean of far fewer than 2^53 numbers"
    )]
    let mean = (sum / vectors.len().max(1) as f64) as f32;
    mean
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

/// An index of which more is known.
///
/// One of vectors of length 1 (cosine) is made to look like one in the encoder's own
/// units: queries are normalised, vectors come back with the voice's mean length,
/// and distances are squared L2 ones of that scale. So blending, trust and
/// everything else need not know.
pub(super) struct IndexWithSidecar {
    index: Arc<dyn EmbeddingIndex>,
    sidecar: Sidecar,
    /// Cosine: the voice's mean length.
    length: Option<f32>,
}

impl IndexWithSidecar {
    /// The sidecar is this index's. That a cosine index's mean length is a positive
    /// number, its own check has seen.
    pub(super) fn new(index: Arc<dyn EmbeddingIndex>, sidecar: Sidecar) -> Self {
        let cosine = sidecar.metric == Comparison::Cosine;
        let length = cosine.then(|| sidecar.mean_length.unwrap_or(1.0));
        Self {
            index,
            sidecar,
            length,
        }
    }

    /// Lets `search` look queries up as the index has its vectors.
    fn ask(
        &self,
        queries: &Frames,
        out: &mut Neighbours,
        search: impl FnOnce(&Frames, &mut Neighbours) -> Result<(), SearchError>,
    ) -> Result<(), SearchError> {
        let Some(length) = self.length else {
            return search(queries, out);
        };
        let mut directions = queries.clone();
        normalize(&mut directions);
        search(&directions, out)?;
        let scale = length * length;
        for (distance, &id) in out.distances.iter_mut().zip(&out.ids) {
            *distance = match self.index.metric() {
                _ if id < 0 => f32::MAX,
                Metric::InnerProduct => scale * (2.0 - 2.0 * *distance).max(0.0),
                Metric::L2 => scale * *distance,
            };
        }
        Ok(())
    }
}

impl EmbeddingIndex for IndexWithSidecar {
    fn dim(&self) -> usize {
        self.index.dim()
    }

    fn len(&self) -> usize {
        self.index.len()
    }

    fn metric(&self) -> Metric {
        self.length.map_or_else(|| self.index.metric(), |_| Metric::L2)
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.ask(queries, out, |queries, out| {
            self.index.search(queries, params, out)
        })
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.ask(queries, out, |queries, out| {
            self.index.search_among(queries, params, among, out)
        })
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        let there = self.index.vector(id, out);
        if let Some(length) = self.length {
            out.iter_mut().for_each(|value| *value *= length);
        }
        there
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

    fn conversion(&self) -> Option<&Conversion> {
        self.index.conversion()
    }

    fn sidecar(&self) -> Option<&Sidecar> {
        Some(&self.sidecar)
    }
}
