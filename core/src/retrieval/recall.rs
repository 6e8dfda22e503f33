//! What an index finds of what there is, and in what time.
//!
//! Thread: loader, command line; up to some seconds.

mod exact;
mod table;

pub use table::GOOD_RECALL;

use std::time::Instant;

use super::index::EmbeddingIndex;
use super::sample::{BUDGET, FRAMES, LEAST, spread};
use super::search::{NO_NEIGHBOUR, Neighbours, SearchError};
use super::sidecar::{DistancePercentiles, RecallPoint, RecallTable};
use crate::controls::{MAX_K, SearchParams};
use crate::frames::Frames;
use exact::Exact;

/// Numbers of probes that are tried.
pub const PROBES: [usize; 5] = [1, 2, 4, 8, 16];

/// The same where a voice is being loaded: half a second, two for the largest.
const BUDGET_AT_LOAD: usize = 1_000_000_000;

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
    /// for indices without a sidecar.
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

/// Frames that can be looked up exactly within the budget.
fn affordable(index: &dyn EmbeddingIndex, budget: usize) -> usize {
    let work = index.len().saturating_mul(index.dim()).max(1);
    (budget / work).clamp(LEAST, FRAMES)
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
    use crate::retrieval::{FlatIndex, Metric};

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
