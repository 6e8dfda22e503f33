//! What an index finds of what there is, and in what time.
//!
//! Thread: loader, command line; up to some seconds.

use std::time::Instant;

use super::distance;
use super::flat::Best;
use super::sidecar::{DistancePercentiles, RecallPoint, RecallTable};
use super::{EmbeddingIndex, MAX_K, Metric, NO_NEIGHBOUR, Neighbours, SearchError, SearchParams};
use crate::frames::Frames;

/// Numbers of probes that are tried.
pub const PROBES: [usize; 5] = [1, 2, 4, 8, 16];

/// Recall that is good enough for "auto".
pub const GOOD_RECALL: f32 = 0.95;

/// Multiplications that a measurement may take: a few seconds of one core.
const BUDGET: usize = 8_000_000_000;

/// The same where a voice is being loaded: half a second, two for the largest.
const BUDGET_AT_LOAD: usize = 1_000_000_000;

/// Most frames that are looked up.
const FRAMES: usize = 256;

/// Fewest, where the index is large.
const LEAST: usize = 32;

/// Frames to look up.
pub struct Probe {
    queries: Frames,
    /// Row of the index that each of them is, if it is in there.
    own: Vec<i64>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Recall and time by number of probes.
    pub table: RecallTable,
    /// Distances of the frames to their nearest vectors.
    pub distances: DistancePercentiles,
}

impl Probe {
    /// Frames that are not in the index; evenly some of them if there are many.
    #[must_use]
    pub fn held_out(frames: &Frames, index: &dyn EmbeddingIndex) -> Self {
        let mut queries = Frames::new(frames.dim().max(1));
        for n in spread(frames.len(), affordable(index, BUDGET)) {
            queries.push(frames.row(n));
        }
        let own = vec![NO_NEIGHBOUR; queries.len()];
        Self { queries, own }
    }

    /// Vectors of the index itself; each is left out where it would find itself.
    #[must_use]
    pub fn left_out(index: &dyn EmbeddingIndex) -> Self {
        Self::left_out_within(index, BUDGET)
    }

    /// As [`Self::left_out`], so few that a user who waits for the voice does not mind:
    /// for indices that tell nothing of themselves.
    #[must_use]
    pub fn at_load(index: &dyn EmbeddingIndex) -> Self {
        Self::left_out_within(index, BUDGET_AT_LOAD)
    }

    fn left_out_within(index: &dyn EmbeddingIndex, budget: usize) -> Self {
        let mut queries = Frames::new(index.dim().max(1));
        let mut vector = vec![0.0; index.dim()];
        let mut own = Vec::new();
        for row in spread(index.len(), affordable(index, budget)) {
            let id = i64::try_from(row).unwrap_or(NO_NEIGHBOUR);
            if index.vector(id, &mut vector) {
                queries.push(&vector);
                own.push(id);
            }
        }
        Self { queries, own }
    }

    /// Looks them up, exactly and with rising numbers of probes.
    ///
    /// # Errors
    /// See [`SearchError`].
    pub fn measure(&self, index: &dyn EmbeddingIndex, k: usize) -> Result<Measured, SearchError> {
        let k = k.clamp(1, MAX_K - 1);
        let exact = Exact::search(index, &self.queries, &self.own, k);
        let lists = index.list_sizes().len();
        let mut points = Vec::new();
        for n_probe in PROBES {
            // More probes than lists change nothing.
            if n_probe > 1 && n_probe / 2 >= lists {
                break;
            }
            points.push(self.point(index, &exact, k, n_probe)?);
        }
        Ok(Measured {
            table: RecallTable {
                k,
                frames: self.queries.len(),
                held_out: self.own.iter().all(|&own| own < 0),
                points,
            },
            distances: percentiles(exact.nearest),
        })
    }

    fn point(
        &self,
        index: &dyn EmbeddingIndex,
        exact: &Exact,
        k: usize,
        n_probe: usize,
    ) -> Result<RecallPoint, SearchError> {
        let mut query = Frames::new(index.dim());
        query.resize(1);
        let mut found = Neighbours::default();
        let (mut hits, mut there) = (0, 0);
        let mut times = Vec::new();
        for (n, row) in self.queries.rows().enumerate() {
            query.row_mut(0).copy_from_slice(row);
            // One more where it will find itself.
            let params = SearchParams {
                k: k + usize::from(self.own[n] >= 0),
                n_probe,
                ..SearchParams::default()
            };
            let started = Instant::now();
            index.search(&query, params, &mut found)?;
            times.push(started.elapsed());
            let truth = &exact.ids[n * k..(n + 1) * k];
            let others = found.ids.iter().filter(|&&id| id >= 0 && id != self.own[n]);
            hits += others.take(k).filter(|id| truth.contains(id)).count();
            there += truth.iter().filter(|&&id| id >= 0).count();
        }
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let recall = hits as f32 / there.max(1) as f32;
        Ok(RecallPoint {
            n_probe,
            recall,
            us_per_frame: median.as_secs_f32() * 1e6,
        })
    }
}

impl RecallTable {
    /// Recall where so many lists are visited: that of the nearest smaller number
    /// that was measured.
    #[must_use]
    pub fn at(&self, n_probe: usize) -> Option<f32> {
        let mut measured = self.points.iter().filter(|point| point.n_probe <= n_probe);
        measured.next_back().map(|point| point.recall)
    }

    /// The smallest number of probes that finds [`GOOD_RECALL`] and takes at most
    /// `us_allowed` a frame; where none does, the best that time allows; 1 if the
    /// table is empty.
    #[must_use]
    pub fn auto_probes(&self, us_allowed: f32) -> usize {
        let in_time = |point: &&RecallPoint| point.us_per_frame <= us_allowed;
        let good = |point: &&RecallPoint| point.recall >= GOOD_RECALL;
        let first = self.points.iter().filter(in_time).find(good);
        let best = || {
            self.points
                .iter()
                .filter(in_time)
                .max_by(|a, b| a.recall.total_cmp(&b.recall))
        };
        first.or_else(best).map_or(1, |point| point.n_probe)
    }
}

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

/// The `k` rows nearest to each query by L2, among those that `lets_pass` (query, row).
pub fn nearest_rows(
    vectors: &Frames,
    queries: &Frames,
    k: usize,
    lets_pass: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<usize>> {
    let k = k.clamp(1, MAX_K);
    let mut found = Neighbours::default();
    found.reset(k, queries.len(), Metric::L2);
    let slots = found.ids.chunks_mut(k).zip(found.distances.chunks_mut(k));
    for (n, (query, (ids, distances))) in queries.rows().zip(slots).enumerate() {
        let mut best = Best::new(ids, distances, Metric::L2);
        for (row, (id, vector)) in (0_i64..).zip(vectors.rows()).enumerate() {
            if lets_pass(n, row) {
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
pub fn held_out_rows(len: usize) -> Vec<std::ops::Range<usize>> {
    let runs = (len / 20).min(FRAMES) / RUN;
    (0..runs)
        .map(|run| {
            let start = (2 * run + 1) * len / (2 * runs) - RUN / 2;
            start..start + RUN
        })
        .collect()
}

/// Frames that can be looked up exactly within the budget.
fn affordable(index: &dyn EmbeddingIndex, budget: usize) -> usize {
    let work = index.len().saturating_mul(index.dim()).max(1);
    (budget / work).clamp(LEAST, FRAMES)
}

/// Evenly `count` of `0..len`.
fn spread(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(len);
    (0..count).map(move |n| (2 * n + 1) * len / (2 * count))
}

/// The truth, found by comparing with every vector once.
struct Exact {
    ids: Vec<i64>,
    /// Squared distance of each query to its nearest vector.
    nearest: Vec<f32>,
}

impl Exact {
    fn search(index: &dyn EmbeddingIndex, queries: &Frames, own: &[i64], k: usize) -> Self {
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

fn percentiles(mut squared: Vec<f32>) -> DistancePercentiles {
    squared.retain(|value| value.is_finite());
    squared.sort_unstable_by(f32::total_cmp);
    let at = |percent: usize| {
        let rank = (squared.len() * percent / 100).min(squared.len().saturating_sub(1));
        squared.get(rank).map_or(0.0, |value| value.sqrt())
    };
    DistancePercentiles {
        p1: at(1),
        p5: at(5),
        p25: at(25),
        p50: at(50),
        p75: at(75),
        p95: at(95),
        p99: at(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::FlatIndex;

    fn point(n_probe: usize, recall: f32, us_per_frame: f32) -> RecallPoint {
        RecallPoint {
            n_probe,
            recall,
            us_per_frame,
        }
    }

    #[test]
    fn auto_is_the_smallest_that_is_good_enough_and_in_time() {
        let table = RecallTable {
            points: vec![
                point(1, 0.69, 20.0),
                point(2, 0.8, 30.0),
                point(4, 0.9, 45.0),
                point(8, 0.974, 80.0),
                point(16, 0.995, 150.0),
            ],
            ..RecallTable::default()
        };
        assert_eq!(table.auto_probes(1000.0), 8);
        assert_eq!(table.auto_probes(f32::INFINITY), 8);
        assert_eq!(
            [1, 7, 64].map(|n| table.at(n)),
            [Some(0.69), Some(0.9), Some(0.995)]
        );
        assert_eq!(RecallTable::default().at(1), None);
        assert_eq!(table.auto_probes(50.0), 4);
        assert_eq!(table.auto_probes(1.0), 1);
        assert_eq!(RecallTable::default().auto_probes(1.0), 1);
    }

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

    #[test]
    fn an_exact_index_finds_everything() {
        let rows: Vec<f32> = (0..600_u16).map(|n| f32::from(n * 37 % 601)).collect();
        let index = FlatIndex::new(Frames::from_data(2, rows), Metric::L2);
        let measured = Probe::left_out(&index).measure(&index, 8).expect("measured");
        let [only] = measured.table.points[..] else {
            panic!("{:?}", measured.table);
        };
        assert_eq!((only.n_probe, only.recall), (1, 1.0));
        assert!(!measured.table.held_out);
        assert!(measured.distances.p1 > 0.0 && measured.distances.p99 >= measured.distances.p50);
    }
}
