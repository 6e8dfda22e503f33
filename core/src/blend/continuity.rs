//! Neighbours that join well: a path through the candidates of successive frames,
//! searched forward only, so that it adds no latency.
//!
//! Every candidate `i` of a frame has a target cost (its squared distance) and
//! a join cost to every candidate `j` of the frame before: 0 if it follows `j`
//! in the same recording, else the squared distance of the two vectors. With
//! `P_j` the cost of the cheapest path that ends in `j`,
//!
//! ```text
//! q_i = min_j (P_j + join(j, i))
//! P_i = d_i^2 + c (q_i - min q)        c = continuity * STRENGTH
//! ```
//!
//! and `P_i` replaces the squared distance in RVC's weights. `2 k` candidates are
//! searched and the `k` cheapest kept; with `c` = 0 these are RVC's neighbours. The
//! candidate that joins best has no join cost, so costs do not grow with time.

use super::target::Target;
use super::trust::clamp_unit;
use crate::controls::MAX_K;
use crate::frames::Frames;
use crate::retrieval::{EmbeddingIndex, distance};

/// Weight of join costs at the parameter's maximum.
const STRENGTH: f32 = 1.0;

/// Candidates searched per neighbour kept.
pub const POOL: usize = 2;

/// Candidates of the previous frame and the costs of their paths.
#[derive(Clone, Debug, Default)]
pub struct Path {
    ids: Vec<i64>,
    costs: Vec<f32>,
    vectors: Frames,
    /// The current frame's.
    next_ids: Vec<i64>,
    next_costs: Vec<f32>,
    next_vectors: Frames,
}

impl Path {
    /// Drops the previous frame: the next one has no join costs.
    pub fn restart(&mut self) {
        self.ids.clear();
    }

    /// Replaces the squared distances of a frame's candidates by the costs of
    /// the paths that end in them, infinite for all but the `keep` cheapest.
    pub fn extend(
        &mut self,
        target: &Target,
        ids: &[i64],
        scores: &mut [f32; MAX_K],
        continuity: f32,
        keep: usize,
    ) {
        let index = target.index.as_ref();
        self.read_candidates(index, ids, scores);
        let strength = clamp_unit(continuity) * STRENGTH;
        // An exact hit keeps its cost of 0.
        let exact = self
            .next_costs
            .iter()
            .any(|&cost| cost < crate::retrieval::blend::EXACT_HIT);
        if !self.ids.is_empty() && !exact {
            let joins: Vec<f32> = (0..self.next_ids.len())
                .map(|i| self.cheapest_join(target, i))
                .collect();
            let min_join = joins.iter().copied().fold(f32::INFINITY, f32::min);
            for (cost, join) in self.next_costs.iter_mut().zip(joins) {
                *cost += strength * (join - min_join);
            }
        }
        let finite = scores
            .iter_mut()
            .zip(ids)
            .filter(|(score, id)| **id >= 0 && score.is_finite());
        let kept = self.cheapest(keep);
        for (n, (score, _)) in finite.enumerate() {
            *score = if kept[n] {
                self.next_costs[n]
            } else {
                f32::INFINITY
            };
        }
        std::mem::swap(&mut self.ids, &mut self.next_ids);
        std::mem::swap(&mut self.costs, &mut self.next_costs);
        std::mem::swap(&mut self.vectors, &mut self.next_vectors);
    }

    /// True for this frame's candidates that are among the `keep` cheapest; of equal
    /// ones the earlier.
    fn cheapest(&self, keep: usize) -> [bool; MAX_K] {
        let mut order: Vec<usize> = (0..self.next_costs.len()).collect();
        order.sort_by(|&a, &b| self.next_costs[a].total_cmp(&self.next_costs[b]));
        let mut kept = [false; MAX_K];
        for n in order.into_iter().take(keep) {
            kept[n] = true;
        }
        kept
    }

    /// Reads this frame's candidates and their vectors.
    fn read_candidates(&mut self, index: &dyn EmbeddingIndex, ids: &[i64], scores: &[f32; MAX_K]) {
        self.next_ids.clear();
        self.next_costs.clear();
        self.next_vectors.clear(index.dim());
        for (&id, &score) in ids.iter().zip(scores) {
            if id >= 0 && score.is_finite() {
                let row = self.next_ids.len();
                self.next_vectors.resize(row + 1);
                index.vector(id, self.next_vectors.row_mut(row));
                self.next_ids.push(id);
                self.next_costs.push(score);
            }
        }
    }

    /// `min_j (P_j + join(j, i))`.
    fn cheapest_join(&self, target: &Target, i: usize) -> f32 {
        let here = self.next_vectors.row(i);
        let before = self.ids.iter().zip(&self.costs).zip(self.vectors.rows());
        before
            .map(|((&id, &cost), vector)| {
                if target.follows(id, self.next_ids[i]) {
                    cost
                } else {
                    cost + distance::squared(vector, here)
                }
            })
            .fold(f32::INFINITY, f32::min)
    }
}
