//! RVC's retrieval, formula for formula, to compare with.

use super::{EmbeddingIndex, Neighbours};

/// Mean of a frame's neighbours with RVC's own weights: `(1 / score)^2`,
/// normalised, where score is what the index gave (also where that is an inner
/// product, as in RVC).
///
/// False where RVC has no finite result for the frame: an empty slot, or a
/// distance of 0. `out` then means nothing. [`super::retrieve`] has a result there.
///
/// # Panics
/// If `frame` is out of range or `out` is of another size than the vectors.
pub fn retrieve_like_rvc(
    neighbours: &Neighbours,
    index: &dyn EmbeddingIndex,
    frame: usize,
    out: &mut [f32],
) -> bool {
    let (ids, scores) = neighbours.of_frame(frame);
    if ids.iter().any(|&id| id < 0) {
        return false;
    }
    let weights: Vec<f32> = scores.iter().map(|score| (1.0 / score) * (1.0 / score)).collect();
    let total: f32 = weights.iter().sum();
    let mut vector = vec![0.0; out.len()];
    out.fill(0.0);
    for (&id, weight) in ids.iter().zip(&weights) {
        if !index.vector(id, &mut vector) {
            return false;
        }
        for (sum, value) in out.iter_mut().zip(&vector) {
            *sum += value * (weight / total);
        }
    }
    out.iter().all(|value| value.is_finite())
}
