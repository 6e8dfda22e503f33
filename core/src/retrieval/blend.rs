//! From neighbours to an embedding, and from two embeddings to one.
//!
//! Pure functions of their arguments; no allocation.
//!
//! Thread: worker, once per frame.

use super::distance;
use super::format::MAX_DIM;
use super::{EmbeddingIndex, MAX_K, Metric, NO_NEIGHBOUR, Neighbours};
use crate::controls::{Weighting, WeightingKind};
use crate::frames::Frames;

/// What a frame's neighbours gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retrieved {
    /// Neighbours that went into the result. With 0 the output means nothing
    /// and the caller keeps the live embedding.
    pub used: usize,
    /// Squared L2 distance of the nearest one, whatever the metric of the
    /// index; infinity if there was none.
    pub nearest_squared: f32,
}

impl Retrieved {
    const NOTHING: Self = Self {
        used: 0,
        nearest_squared: f32::INFINITY,
    };
}

/// Squared distances below this have no finite `(1/d^2)^2` in f32: such a
/// neighbour *is* the query. RVC divides by it and blends NaN.
pub(crate) const EXACT_HIT: f32 = 5.5e-20;

/// Mean of a frame's neighbours, weighted as RVC does: `(1/score)^2`, where
/// score is the squared L2 distance, normalised to sum 1.
///
/// Where RVC's result is finite, this is the same to 1e-6. Where it is not,
/// this still is: weights are taken relative to the nearest neighbour, so no
/// distance overflows; an exact hit gives that vector, bit for bit; and an empty
/// slot drops only itself (RVC drops the whole block, some forks blend in the
/// last vector of the index).
///
/// For an inner-product index the similarities are no distances (the field
/// weighs the *farthest* neighbour most). There the squared L2 distance is
/// computed from `queries` and the vectors; so an index of normalised vectors
/// blends alike under both metrics.
///
/// `neighbours` is what [`EmbeddingIndex::search`] of the same `queries` gave,
/// `frame` the frame in both; `out` has `index.dim()` values.
///
/// # Panics
/// If `frame` is out of range, `k` exceeds [`MAX_K`], or `out` or the query
/// is of another size than the index's vectors.
pub fn retrieve(
    neighbours: &Neighbours,
    index: &dyn EmbeddingIndex,
    queries: &Frames,
    frame: usize,
    out: &mut [f32],
) -> Retrieved {
    let mut scores = [f32::INFINITY; MAX_K];
    let ids = squared_distances(neighbours, index, queries, frame, &mut scores);
    weighted_mean(index, ids, &scores, Weighting::default(), out).retrieved
}

/// The first half of [`retrieve`]: one squared L2 distance per slot, infinity
/// where there is nothing. Returns the ids of those slots.
///
/// # Panics
/// As [`retrieve`].
pub fn squared_distances<'a>(
    neighbours: &'a Neighbours,
    index: &dyn EmbeddingIndex,
    queries: &Frames,
    frame: usize,
    scores: &mut [f32; MAX_K],
) -> &'a [i64] {
    let (ids, distances) = neighbours.of_frame(frame);
    let query = queries.row(frame);
    assert!(ids.len() <= MAX_K, "at most MAX_K neighbours");
    assert!(query.len() == index.dim(), "vectors of the index's size");
    let mut buffer = [0.0_f32; MAX_DIM];
    let vector = &mut buffer[..query.len()];
    scores.fill(f32::INFINITY);
    for ((&id, &distance), score) in ids.iter().zip(distances).zip(scores) {
        if id < 0 {
            continue;
        }
        let squared = match index.metric() {
            // Rounding can leave a tiny negative distance.
            Metric::L2 => distance.max(0.0),
            Metric::InnerProduct if index.vector(id, vector) => distance::squared(query, vector),
            Metric::InnerProduct => continue,
        };
        if squared.is_finite() {
            *score = squared;
        }
    }
    ids
}

/// A mean of neighbours, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// As [`retrieve`] gives it; the nearest by score.
    pub retrieved: Retrieved,
    /// Mean squared distance of the neighbours to their mean, weighted alike.
    pub spread_squared: f32,
}

/// The weight of a neighbour relative to the nearest one's, whose score is `best`; with RVC's function exactly
/// `(best / score)^2`.
fn weight(weighting: Weighting, score: f32, best: f32) -> f32 {
    if !score.is_finite() {
        return 0.0;
    }
    match weighting.kind {
        WeightingKind::Rvc => (best / score) * (best / score),
        WeightingKind::InverseSquare => best / score,
        WeightingKind::Softmax => ((1.0 - score / best) / weighting.temperature.in_range()).exp(),
        WeightingKind::Equal => 1.0,
    }
}

/// The second half of [`retrieve`]: the mean of `ids`, weighted by their scores (RVC: `(1/score)^2`);
/// a score that is not finite leaves its slot out.
///
/// # Panics
/// If `out` is of another size than the index's vectors, or there are more
/// than [`MAX_K`] ids.
pub fn weighted_mean(
    index: &dyn EmbeddingIndex,
    ids: &[i64],
    scores: &[f32; MAX_K],
    weighting: Weighting,
    out: &mut [f32],
) -> Mean {
    assert!(
        out.len() == index.dim() && ids.len() <= MAX_K,
        "vectors of the index's size"
    );
    let nothing = Mean {
        retrieved: Retrieved::NOTHING,
        spread_squared: 0.0,
    };
    let (mut nearest, mut best) = (NO_NEIGHBOUR, f32::INFINITY);
    for (&id, &score) in ids.iter().zip(scores) {
        if id >= 0 && score < best {
            (nearest, best) = (id, score);
        }
    }
    if nearest == NO_NEIGHBOUR {
        return nothing;
    }

    // An exact hit is the answer, unless it counts no more than others.
    if best < EXACT_HIT && weighting.kind != WeightingKind::Equal {
        if !index.vector(nearest, out) {
            return nothing;
        }
        return Mean {
            retrieved: Retrieved {
                used: 1,
                nearest_squared: best,
            },
            spread_squared: 0.0,
        };
    }

    // The weighted sum, the weights normalised first as RVC does.
    let mut buffer = [0.0_f32; MAX_DIM];
    let vector = &mut buffer[..out.len()];
    let weight = |score: f32| weight(weighting, score, best);
    let total: f32 = scores[..ids.len()].iter().map(|&score| weight(score)).sum();
    let (mut used, mut squares) = (0, 0.0);
    out.fill(0.0);
    for (&id, &score) in ids.iter().zip(scores) {
        if score.is_finite() && index.vector(id, vector) {
            let share = weight(score) / total;
            for (sum, value) in out.iter_mut().zip(&*vector) {
                *sum += share * value;
            }
            squares += share * vector.iter().map(|value| value * value).sum::<f32>();
            used += 1;
        }
    }
    if used == 0 {
        return nothing;
    }
    let of_mean: f32 = out.iter().map(|value| value * value).sum();
    Mean {
        retrieved: Retrieved {
            used,
            nearest_squared: best,
        },
        spread_squared: (squares - of_mean).max(0.0),
    }
}

/// Mixes two embeddings: ratio 0 is `live`, 1 is `retrieved`, both bit for bit
/// (RVC's `index_rate`). A ratio that is no number counts as 0, one outside
/// 0..=1 as the nearer end.
///
/// # Panics
/// If the three differ in size.
pub fn blend(live: &[f32], retrieved: &[f32], ratio: f32, out: &mut [f32]) {
    assert!(
        live.len() == out.len() && retrieved.len() == out.len(),
        "embeddings of one size"
    );
    if ratio >= 1.0 {
        out.copy_from_slice(retrieved);
    } else if ratio > 0.0 {
        for ((value, &own), &other) in out.iter_mut().zip(live).zip(retrieved) {
            *value = other * ratio + (1.0 - ratio) * own;
        }
    } else {
        out.copy_from_slice(live);
    }
}

#[cfg(test)]
mod tests;
