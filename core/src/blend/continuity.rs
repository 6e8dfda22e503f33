//! Neighbours that join well: a path through the candidates of successive
//! frames, searched forward only, so that it costs no latency.
//!
//! Every candidate `i` of a frame has a target cost (its squared distance) and
//! a join cost to every candidate `j` of the frame before: 0 if it follows `j`
//! in the same recording, else the squared distance of the two vectors. With
//! `P_j` the cost of the cheapest path that ends in `j`,
//!
//! ```text
//! q_i = min_j (P_j + join(j, i))
//! P_i = d_i^2 + c (q_i - min q)        c = knob * STRENGTH
//! ```
//!
//! and `P_i` takes the place of the squared distance in RVC's weights. Twice as
//! many candidates are looked at as neighbours are wanted, and the cheapest are
//! kept. At `c` = 0 those are RVC's. The candidate that joins best pays for its
//! distance alone, so costs do not grow with time.

use super::target::Target;
use super::trust::clean;
use crate::controls::MAX_K;
use crate::frames::Frames;
use crate::retrieval::{EmbeddingIndex, distance};

/// What the knob's full turn means.
const STRENGTH: f32 = 1.0;

/// Candidates looked at for each neighbour wanted.
pub const POOL: usize = 2;

/// The frame before, and what its paths cost.
#[derive(Clone, Debug, Default)]
pub struct Path {
    ids: Vec<i64>,
    costs: Vec<f32>,
    vectors: Frames,
    /// This frame's, while they are compared.
    next_ids: Vec<i64>,
    next_costs: Vec<f32>,
    next_vectors: Frames,
}

impl Path {
    /// Forgets the frame before: the next one stands for itself.
    pub fn restart(&mut self) {
        self.ids.clear();
    }

    /// Replaces the squared distances of a frame's candidates by the costs of
    /// the paths that end in them, infinite for all but the `keep` cheapest.
    pub fn follow(
        &mut self,
        target: &Target,
        ids: &[i64],
        scores: &mut [f32; MAX_K],
        knob: f32,
        keep: usize,
    ) {
        let index = target.index.as_ref();
        self.read(index, ids, scores);
        let strength = clean(knob) * STRENGTH;
        // An exact hit needs no persuasion, and must stay one.
        let exact = self
            .next_costs
            .iter()
            .any(|&cost| cost < crate::retrieval::blend::EXACT_HIT);
        if !self.ids.is_empty() && !exact {
            let joins: Vec<f32> = (0..self.next_ids.len())
                .map(|i| self.cheapest_join(target, i))
                .collect();
            let least = joins.iter().copied().fold(f32::INFINITY, f32::min);
            for (cost, join) in self.next_costs.iter_mut().zip(joins) {
                *cost += strength * (join - least);
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

    /// Which of this frame's candidates are among the `keep` cheapest; of equal
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

    /// This frame's candidates and their vectors.
    fn read(&mut self, index: &dyn EmbeddingIndex, ids: &[i64], scores: &[f32; MAX_K]) {
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
