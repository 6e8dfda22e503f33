//! Samples of many vectors, and their true neighbours.
//!
//! Thread: loader, command line; up to some seconds.

use std::ops::Range;

use super::distance;
use super::flat::Best;
use super::search::{Metric, Neighbours};
use crate::controls::MAX_K;
use crate::frames::Frames;

/// Multiplications that a measurement may take: a few seconds of one core.
pub(super) const BUDGET: usize = 8_000_000_000;

/// Most frames that are looked up.
pub(super) const FRAMES: usize = 256;

/// Fewest, where the index is large.
pub(super) const LEAST: usize = 32;

/// Some of the vectors, and their true neighbours among the others.
pub struct Sampled {
    /// Their rows.
    pub rows: Vec<usize>,
    /// The vectors.
    pub queries: Frames,
    /// For each the rows that are nearest by L2, the best first; not itself, and
    /// none of a third of a second around it.
    pub nearest: Vec<Vec<usize>>,
}

impl Sampled {
    /// Rows that are no neighbours of this one because they are so near in time, itself
    /// among them.
    pub fn shut_out(&self, row: usize, len: usize) -> impl Iterator<Item = usize> + use<> {
        row.saturating_sub(RUN / 2)..(row + RUN / 2 + 1).min(len)
    }
}

/// Looks evenly some of the vectors up among all others, exactly.
#[must_use]
pub fn nearest_of_sample(vectors: &Frames, k: usize) -> Sampled {
    let work = vectors.len().saturating_mul(vectors.dim()).max(1);
    let rows: Vec<usize> = spread(vectors.len(), (BUDGET / work).clamp(LEAST, FRAMES)).collect();
    let mut queries = Frames::new(vectors.dim());
    rows.iter().for_each(|&row| queries.push(vectors.row(row)));
    let apart = |query: usize, row: usize| rows[query].abs_diff(row) > RUN / 2;
    let nearest = nearest_rows(vectors, &queries, k, apart);
    Sampled {
        rows,
        queries,
        nearest,
    }
}

/// The `k` rows nearest to each query by L2, among those that `allows` (query, row).
pub fn nearest_rows(
    vectors: &Frames,
    queries: &Frames,
    k: usize,
    allows: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<usize>> {
    let k = k.clamp(1, MAX_K);
    let mut found = Neighbours::default();
    found.reset(k, queries.len(), Metric::L2);
    let slots = found.ids.chunks_mut(k).zip(found.distances.chunks_mut(k));
    for (n, (query, (ids, distances))) in queries.rows().zip(slots).enumerate() {
        let mut best = Best::new(ids, distances, Metric::L2);
        for (row, (id, vector)) in (0_i64..).zip(vectors.rows()).enumerate() {
            if allows(n, row) {
                best.offer(id, distance::squared(query, vector));
            }
        }
    }
    let rows = |ids: &[i64]| ids.iter().filter_map(|&id| usize::try_from(id).ok()).collect();
    found.ids.chunks(k).map(rows).collect()
}

/// Frames in a run of neighbours in time: a third of a second.
const RUN: usize = 16;

/// Rows to hold out of `len`: about one in twenty, at most [`FRAMES`], in runs of
/// a third of a second, because a frame's neighbours in time are its nearest
/// neighbours too.
#[must_use]
pub fn held_out_rows(len: usize) -> Vec<Range<usize>> {
    let runs = (len / 20).min(FRAMES) / RUN;
    (0..runs)
        .map(|run| {
            let start = (2 * run + 1) * len / (2 * runs) - RUN / 2;
            start..start + RUN
        })
        .collect()
}

/// Evenly `count` of `0..len`.
pub(super) fn spread(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(len);
    (0..count).map(move |n| (2 * n + 1) * len / (2 * count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_are_held_out_lie_inside_and_apart() {
        for len in [0, 319, 320, 1000, 5120, 100_000] {
            let runs = held_out_rows(len);
            assert!(runs.iter().all(|run| run.end <= len), "{len}");
            assert!(runs.windows(2).all(|two| two[0].end < two[1].start), "{len}");
            let held: usize = runs.iter().map(ExactSizeIterator::len).sum();
            assert!(held <= len / 20 && held <= FRAMES, "{len}: {held}");
        }
    }
}
