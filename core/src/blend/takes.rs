//! Weights of recordings, applied before the best `k` are chosen, so that a muted take
//! is replaced by neighbours of others.

use super::source::Source;
use crate::controls::{MAX_K, SearchParams};
use crate::frames::Frames;
use crate::retrieval::{EmbeddingIndex, IdFilter, Metric, Neighbours, SearchError, squared_distances};

/// A weight per recording, in the order of the list. 1 = full, 0 = mute; in between, the
/// distances of the take's vectors count `1 / weight` times.
pub type TakeWeights = Vec<f32>;

/// All vectors of one weight.
#[derive(Clone, Debug)]
struct Group {
    /// Factor on squared distances, `1 / weight^2`.
    penalty: f32,
    filter: IdFilter,
}

/// Weights of a target's takes, prepared for searches.
#[derive(Clone, Debug, Default)]
pub struct Takes {
    /// Empty: all takes at full weight, an unfiltered search.
    groups: Vec<Group>,
    /// (first id, end, penalty), for the weighted mean.
    penalties: Vec<(usize, usize, f32)>,
}

impl Takes {
    /// Prepares weights; vectors without a source and sources without a weight have
    /// weight 1. Loader or worker thread; allocates.
    #[must_use]
    pub fn new(len: usize, sources: &[Source], weights: &[f32]) -> Self {
        let weight_of = |n: usize| {
            let weight = weights.get(n).copied().unwrap_or(1.0);
            if weight.is_nan() {
                1.0
            } else {
                weight.clamp(0.0, 1.0)
            }
        };
        if (0..sources.len()).all(|n| weight_of(n) >= 1.0) {
            return Self::default();
        }
        let mut by_id = vec![1.0_f32; len];
        for (n, source) in sources.iter().enumerate() {
            for range in &source.ranges {
                let end = range.end.min(len);
                by_id[range.start.min(end)..end].fill(weight_of(n));
            }
        }
        let mut distinct = by_id.clone();
        distinct.sort_unstable_by(|a, b| b.total_cmp(a));
        distinct.dedup();
        let groups = distinct
            .into_iter()
            .filter(|&weight| weight > 0.0)
            .map(|weight| Group {
                penalty: penalty(weight),
                filter: IdFilter::new(len, |id| by_id[id].total_cmp(&weight).is_eq()),
            })
            .collect();
        let penalties = sources
            .iter()
            .enumerate()
            .filter(|(n, _)| weight_of(*n) < 1.0)
            .flat_map(|(n, source)| {
                let penalty = penalty(weight_of(n));
                source
                    .ranges
                    .iter()
                    .map(move |range| (range.start, range.end, penalty))
            })
            .collect();
        Self { groups, penalties }
    }

    /// True if every take has its full weight.
    #[must_use]
    pub fn is_unweighted(&self) -> bool {
        self.groups.is_empty() && self.penalties.is_empty()
    }

    /// Searches one query. Each group is searched for its own best `k`, which contain the
    /// best `k` of all for any weights. `out` has unweighted distances, in the order of
    /// the weighted ones.
    ///
    /// # Errors
    /// As [`EmbeddingIndex::search`].
    pub fn search(
        &self,
        index: &dyn EmbeddingIndex,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        if self.is_unweighted() {
            return index.search(queries, params, out);
        }
        let k = params.k.clamp(1, MAX_K);
        let mut best: Vec<(f32, i64, f32)> = Vec::with_capacity(k * self.groups.len());
        for group in &self.groups {
            index.search_among(queries, params, &group.filter, out)?;
            let mut scores = [f32::INFINITY; MAX_K];
            let ids = squared_distances(out, index, queries, 0, &mut scores);
            let (_, distances) = out.of_frame(0);
            let found = ids.iter().zip(distances).zip(scores);
            best.extend(
                found
                    .filter(|((id, _), score)| **id >= 0 && score.is_finite())
                    .map(|((&id, &distance), score)| (score * group.penalty, id, distance)),
            );
        }
        best.sort_by(|a, b| a.0.total_cmp(&b.0));
        out.fill_one(
            k,
            index.metric(),
            best.iter().map(|&(_, id, distance)| (id, distance)),
        );
        Ok(())
    }

    /// Multiplies squared distances of `ids` by their penalties.
    pub fn apply_weights(&self, ids: &[i64], scores: &mut [f32; MAX_K]) {
        if self.penalties.is_empty() {
            return;
        }
        for (&id, score) in ids.iter().zip(scores) {
            let Ok(id) = usize::try_from(id) else { continue };
            if let Some(take) = self.penalties.iter().find(|take| (take.0..take.1).contains(&id)) {
                *score *= take.2;
            }
        }
    }
}

fn penalty(weight: f32) -> f32 {
    1.0 / (weight * weight)
}

impl Neighbours {
    /// Sets one frame with these neighbours, best first.
    fn fill_one(&mut self, k: usize, metric: Metric, found: impl Iterator<Item = (i64, f32)>) {
        self.k = k;
        self.ids.clear();
        self.distances.clear();
        for (id, distance) in found.take(k) {
            self.ids.push(id);
            self.distances.push(distance);
        }
        self.ids.resize(k, crate::retrieval::NO_NEIGHBOUR);
        self.distances.resize(k, metric.worst());
    }
}
