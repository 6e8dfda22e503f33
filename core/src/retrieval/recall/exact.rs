//! The true neighbours.

use crate::frames::Frames;
use crate::retrieval::distance;
use crate::retrieval::flat::Best;
use crate::retrieval::index::EmbeddingIndex;
use crate::retrieval::search::{Metric, Neighbours};

/// The truth, found by comparing with every vector once.
pub(super) struct Exact {
    pub ids: Vec<i64>,
    /// Squared distance of each query to its nearest vector.
    pub nearest: Vec<f32>,
}

impl Exact {
    pub fn search(index: &dyn EmbeddingIndex, queries: &Frames, own: &[i64], k: usize) -> Self {
        let metric = index.metric();
        let mut found = Neighbours::default();
        found.reset(k, queries.len(), metric);
        let mut nearest = vec![f32::INFINITY; queries.len()];
        let mut best: Vec<Best<'_>> = found
            .ids
            .chunks_mut(k)
            .zip(found.distances.chunks_mut(k))
            .map(|(ids, distances)| Best::new(ids, distances, metric))
            .collect();
        let mut vector = vec![0.0; index.dim()];
        for id in (0_i64..).take(index.len()) {
            if !index.vector(id, &mut vector) {
                continue;
            }
            for (n, query) in queries.rows().enumerate().filter(|(n, _)| own[*n] != id) {
                let squared = distance::squared(query, &vector);
                nearest[n] = nearest[n].min(squared);
                best[n].offer(
                    id,
                    match metric {
                        Metric::L2 => squared,
                        Metric::InnerProduct => distance::of(metric, query, &vector),
                    },
                );
            }
        }
        drop(best);
        Self {
            ids: found.ids,
            nearest,
        }
    }
}
