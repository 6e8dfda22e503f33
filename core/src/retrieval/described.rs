//! An index with its sidecar: what the file alone does not tell.

use std::sync::Arc;

use super::{EmbeddingIndex, IdFilter, Metric, Neighbours, SearchError, SearchParams, Sidecar};
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
pub(super) struct Described {
    index: Arc<dyn EmbeddingIndex>,
    sidecar: Sidecar,
}

impl Described {
    pub(super) fn new(index: Arc<dyn EmbeddingIndex>, sidecar: Sidecar) -> Self {
        Self { index, sidecar }
    }
}

impl EmbeddingIndex for Described {
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

    fn list_sizes(&self) -> Vec<usize> {
        self.index.list_sizes()
    }

    fn memory_bytes(&self) -> usize {
        self.index.memory_bytes()
    }

    fn sidecar(&self) -> Option<&Sidecar> {
        Some(&self.sidecar)
    }
}

/// An index of vectors of length 1, made to look like one in the encoder's own
/// units: queries are normalised, vectors come back with the voice's mean length,
/// and distances are squared L2 ones of that scale. So blending, trust and
/// everything else need not know.
pub(super) struct Cosine {
    index: Arc<dyn EmbeddingIndex>,
    sidecar: Sidecar,
    length: f32,
}

impl Cosine {
    /// The sidecar's mean length is a positive number (its own check).
    pub(super) fn new(index: Arc<dyn EmbeddingIndex>, sidecar: Sidecar) -> Self {
        let length = sidecar.mean_length.unwrap_or(1.0);
        Self {
            index,
            sidecar,
            length,
        }
    }

    /// The index's own scores to squared distances in the encoder's units.
    fn to_squared(&self, out: &mut Neighbours) {
        let scale = self.length * self.length;
        for (distance, &id) in out.distances.iter_mut().zip(&out.ids) {
            *distance = match self.index.metric() {
                _ if id < 0 => f32::MAX,
                Metric::InnerProduct => scale * (2.0 - 2.0 * *distance).max(0.0),
                Metric::L2 => scale * *distance,
            };
        }
    }
}

/// The queries at length 1.
fn directions(queries: &Frames) -> Frames {
    let mut directions = queries.clone();
    normalize(&mut directions);
    directions
}

impl EmbeddingIndex for Cosine {
    fn dim(&self) -> usize {
        self.index.dim()
    }

    fn len(&self) -> usize {
        self.index.len()
    }

    fn metric(&self) -> Metric {
        Metric::L2
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.index.search(&directions(queries), params, out)?;
        self.to_squared(out);
        Ok(())
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.index
            .search_among(&directions(queries), params, among, out)?;
        self.to_squared(out);
        Ok(())
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        let there = self.index.vector(id, out);
        out.iter_mut().for_each(|value| *value *= self.length);
        there
    }

    fn list_sizes(&self) -> Vec<usize> {
        self.index.list_sizes()
    }

    fn memory_bytes(&self) -> usize {
        self.index.memory_bytes()
    }

    fn sidecar(&self) -> Option<&Sidecar> {
        Some(&self.sidecar)
    }
}
