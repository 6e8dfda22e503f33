//! Distances between the vectors of an index: the scale for the distance of input from
//! the target's data.
//!
//! Thread: loader.

use crate::controls::{MAX_K, SearchParams};
use crate::dsp::noise;
use crate::frames::Frames;
use crate::retrieval::{DistancePercentiles, EmbeddingIndex, Neighbours, squared_distances};

/// Distances (not squared) of vectors to their nearest other vector, at every whole
/// percentile: 101 non-decreasing values.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    table: [f32; 101],
}

/// Vectors sampled for a table; more change it little.
const SAMPLE: usize = 512;

impl Percentiles {
    /// A given table. `None` if a value is not finite, negative, or smaller than the one
    /// before.
    #[must_use]
    pub fn from_table(table: [f32; 101]) -> Option<Self> {
        let fine = table.is_sorted() && table.iter().all(|value| value.is_finite() && *value >= 0.0);
        fine.then_some(Self { table })
    }

    /// The seven percentiles of an index's sidecar, interpolated linearly.
    #[must_use]
    pub fn from_sidecar(sidecar: DistancePercentiles) -> Option<Self> {
        let known = [
            (1, sidecar.p1),
            (5, sidecar.p5),
            (25, sidecar.p25),
            (50, sidecar.p50),
            (75, sidecar.p75),
            (95, sidecar.p95),
            (99, sidecar.p99),
        ];
        Self::from_table(std::array::from_fn(|percent| {
            let above = known.partition_point(|known| known.0 < percent);
            match (above.checked_sub(1).map(|below| known[below]), known.get(above)) {
                (Some((from, low)), Some(&(to, high))) => {
                    #[expect(clippy::cast_precision_loss, reason = "below 100")]
                    let part = (percent - from) as f32 / (to - from) as f32;
                    low + (high - low) * part
                }
                (None, Some(&(_, only))) | (Some((_, only)), None) => only,
                (None, None) => f32::NAN,
            }
        }))
    }

    /// The table of given distances; those that are not finite are ignored. Without any,
    /// every distance has rank 2.
    #[must_use]
    pub fn of(mut distances: Vec<f32>) -> Self {
        distances.retain(|distance| distance.is_finite());
        distances.sort_unstable_by(f32::total_cmp);
        let Some(last) = distances.len().checked_sub(1) else {
            return Self { table: [0.0; 101] };
        };
        let table = std::array::from_fn(|percent| {
            // Linear interpolation, as numpy's default.
            let (whole, rest) = (percent * last / 100, percent * last % 100);
            let (low, high) = (distances[whole], distances[(whole + 1).min(last)]);
            #[expect(clippy::cast_precision_loss, reason = "below 100")]
            let part = rest as f32 / 100.0;
            low + (high - low) * part
        });
        Self { table }
    }

    /// Searches a seeded sample of an index's vectors in the index itself, ignoring the
    /// vector's own hit.
    #[must_use]
    pub fn measure(index: &dyn EmbeddingIndex) -> Self {
        let mut query = Frames::new(index.dim().max(1));
        query.resize(1);
        let mut neighbours = Neighbours::default();
        let params = SearchParams {
            k: 2,
            ..SearchParams::default()
        };
        let mut distances = Vec::new();
        for id in sample(index.len()) {
            if !index.vector(id, query.row_mut(0)) || index.search(&query, params, &mut neighbours).is_err() {
                continue;
            }
            let mut scores = [f32::INFINITY; MAX_K];
            let ids = squared_distances(&neighbours, index, &query, 0, &mut scores);
            let others = ids.iter().zip(scores).filter(|(other, _)| **other != id);
            let nearest = others.map(|(_, score)| score).fold(f32::INFINITY, f32::min);
            distances.push(nearest.sqrt());
        }
        Self::of(distances)
    }

    /// Median distance of a vector to its nearest other one.
    #[must_use]
    pub fn median(&self) -> f32 {
        self.table[50]
    }

    /// Rank of a distance: 0..1 among the index's own. Beyond the largest of them it rises
    /// further, by 1 per span between median and largest, up to 2. Embeddings of other
    /// speakers often lie there.
    #[must_use]
    pub fn rank(&self, distance: f32) -> f32 {
        if distance.is_nan() {
            return 2.0;
        }
        let (largest, median) = (self.table[100], self.table[50]);
        if distance > largest {
            let span = largest - median;
            let beyond = if span > 0.0 {
                (distance - largest) / span
            } else {
                1.0
            };
            return 1.0 + beyond.min(1.0);
        }
        let above = self.table.partition_point(|&value| value < distance);
        if above == 0 {
            return 0.0;
        }
        let (low, high) = (self.table[above - 1], self.table[above]);
        #[expect(clippy::cast_precision_loss, reason = "at most 100")]
        let whole = (above - 1) as f32;
        (whole + (distance - low) / (high - low)) / 100.0
    }
}

/// Ids spread over `0..len`, the same ones every time; all ids of small indices.
fn sample(len: usize) -> impl Iterator<Item = i64> {
    let count = len.min(SAMPLE);
    (0..count).filter_map(move |n| {
        // One from each of `count` equal pieces, so that all takes are covered.
        let (start, end) = (n * len / count, (n + 1) * len / count);
        let bits = noise::mix(SEED ^ noise::mix(n as u64));
        let offset = usize::try_from(bits % (end - start) as u64).unwrap_or(0);
        i64::try_from(start + offset).ok()
    })
}

/// Seed of the sample.
const SEED: u64 = 0x5045_5243_454E_5431;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::{FlatIndex, Metric};

    #[test]
    fn rank_of_101_distances_is_their_percentile_and_at_most_2() {
        let table = Percentiles::of((0..=100).rev().map(|n| n as f32).collect());
        for n in 0..=100 {
            assert_eq!(table.rank(n as f32), n as f32 / 100.0);
        }
        assert!((table.rank(33.25) - 0.3325).abs() < 1e-6);
        assert_eq!(table.rank(125.0), 1.5);
        assert_eq!(
            (table.rank(1e9), table.rank(f32::NAN), table.rank(-1.0)),
            (2.0, 2.0, 0.0)
        );
    }

    #[test]
    fn from_sidecar_keeps_rising_percentiles_and_rejects_falling_ones() {
        let rising = DistancePercentiles {
            p1: 1.0,
            p5: 2.0,
            p25: 3.0,
            p50: 4.0,
            p75: 5.0,
            p95: 6.0,
            p99: 7.0,
        };
        let table = Percentiles::from_sidecar(rising).expect("a rising table");
        assert_eq!(
            (table.median(), table.rank(2.0), table.rank(5.0)),
            (4.0, 0.05, 0.75)
        );
        assert!((table.rank(3.5) - 0.375).abs() < 1e-6);
        assert!(Percentiles::from_sidecar(DistancePercentiles { p50: 2.0, ..rising }).is_none());
    }

    #[test]
    fn no_distances_rank_2_and_equal_distances_do_not_divide_by_zero() {
        assert_eq!(Percentiles::of(Vec::new()).rank(0.1), 2.0);
        let equal = Percentiles::of(vec![3.0; 40]);
        assert_eq!(
            (equal.rank(3.0), equal.rank(3.1), equal.rank(2.9)),
            (0.0, 2.0, 0.0)
        );
        assert!(Percentiles::from_table([f32::NAN; 101]).is_none());
        let mut falling = [1.0; 101];
        falling[7] = 0.5;
        assert!(Percentiles::from_table(falling).is_none());
    }

    #[test]
    fn measure_ignores_the_hit_of_the_vector_itself() {
        // On a line, one apart, except for a pair at the end.
        let mut places: Vec<f32> = (0..99).map(|n| n as f32).collect();
        places.push(98.25);
        let index = FlatIndex::new(Frames::from_data(1, places), Metric::L2);
        let table = Percentiles::measure(&index);
        assert_eq!(table, Percentiles::measure(&index), "the same every time");
        assert_eq!(
            (table.table[0], table.median(), table.table[100]),
            (0.25, 1.0, 1.0)
        );
    }
}
