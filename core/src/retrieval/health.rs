//! What is weak about an index that opened well.
//!
//! Thread: loader.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::{EmbeddingIndex, Metric};

/// Numbers about an index, and what they mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Number of vectors.
    pub vectors: usize,
    /// Values per vector.
    pub dim: usize,
    /// Vectors in each list, in list order.
    pub list_sizes: Vec<usize>,
    /// Neighbours asked for in the check.
    pub k: usize,
    /// Lists with fewer than `k` vectors: a search of one of these alone leaves
    /// empty slots.
    pub short_lists: usize,
    /// Vectors that repeat an earlier one, bit for bit.
    pub duplicates: usize,
    /// Vectors that hold a value that is no number.
    pub non_finite: usize,
    /// Bytes of the vectors, and of what is kept about them.
    pub memory_bytes: usize,
    /// True if all vectors have length 1 and no sidecar says that queries must
    /// have it, too.
    pub normalized_without_sidecar: bool,
}

impl Health {
    /// Shortest, median and longest list; zeros if there is none.
    #[must_use]
    pub fn list_spread(&self) -> (usize, usize, usize) {
        let mut sizes = self.list_sizes.clone();
        sizes.sort_unstable();
        match (sizes.first(), sizes.get(sizes.len() / 2), sizes.last()) {
            (Some(&shortest), Some(&median), Some(&longest)) => (shortest, median, longest),
            _ => (0, 0, 0),
        }
    }

    /// How many lists have how many vectors: counts for sizes 0, 1, 2 to 3, 4 to
    /// 7 and so on, to the longest.
    #[must_use]
    pub fn histogram(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        for size in &self.list_sizes {
            let class = size.checked_ilog2().map_or(0, |log| log as usize + 1);
            if counts.len() <= class {
                counts.resize(class + 1, 0);
            }
            counts[class] += 1;
        }
        counts
    }

    /// Sentences about what a user may want to know; empty if all is well.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.short_lists > 0 {
            warnings.push(format!(
                "{} of {} lists hold fewer than {} vectors; with 1 probe such frames are blended from fewer neighbours",
                self.short_lists,
                self.list_sizes.len(),
                self.k
            ));
        }
        // One in twenty is usual with pauses in the recordings.
        if self.duplicates > self.vectors / 20 {
            warnings.push(format!(
                "{} of {} vectors repeat others; digital silence or doubled files in the recordings?",
                self.duplicates, self.vectors
            ));
        }
        if self.non_finite > 0 {
            warnings.push(format!(
                "{} of {} vectors hold values that are not numbers; rebuild the index",
                self.non_finite, self.vectors
            ));
        }
        if self.normalized_without_sidecar {
            warnings.push(
                "all vectors have length 1, but no sidecar says that queries must have it: \
                 build it again with --metric cosine"
                    .into(),
            );
        }
        warnings
    }
}

/// Looks at every vector once.
#[must_use]
pub fn check(index: &dyn EmbeddingIndex, k: usize) -> Health {
    let list_sizes = index.list_sizes();
    let short_lists = list_sizes.iter().filter(|&&size| size < k).count();
    let seen = look_at_all(index);
    let without_sidecar = seen.all_unit && may_need_normalized_queries(index);
    Health {
        vectors: index.len(),
        dim: index.dim(),
        short_lists,
        duplicates: seen.duplicates,
        non_finite: seen.non_finite,
        memory_bytes: index.memory_bytes(),
        normalized_without_sidecar: without_sidecar,
        list_sizes,
        k,
    }
}

/// True if vectors have length 1 and no sidecar says that queries must have it, too.
/// Looks at a few vectors only.
#[must_use]
pub fn is_normalized_without_sidecar(index: &dyn EmbeddingIndex) -> bool {
    let mut vector = vec![0.0_f32; index.dim()];
    may_need_normalized_queries(index)
        && (0_i64..)
            .take(index.len().min(64))
            .all(|id| index.vector(id, &mut vector) && is_unit(&vector))
}

/// True if no sidecar has the metric and vectors may be directions only: compared by inner
/// product, or normalised before they were indexed (`L2norm`).
fn may_need_normalized_queries(index: &dyn EmbeddingIndex) -> bool {
    let normalized = index
        .conversion()
        .is_some_and(|conversion| conversion.unit_length);
    (normalized || index.metric() == Metric::InnerProduct) && index.sidecar().is_none()
}

fn is_unit(vector: &[f32]) -> bool {
    (vector.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-3
}

struct Seen {
    duplicates: usize,
    non_finite: usize,
    all_unit: bool,
}

fn look_at_all(index: &dyn EmbeddingIndex) -> Seen {
    let hasher = RandomState::new();
    let mut hashes = HashSet::new();
    let mut vector = vec![0.0_f32; index.dim()];
    let mut seen = Seen {
        duplicates: 0,
        non_finite: 0,
        all_unit: true,
    };
    for id in (0_i64..).take(index.len()) {
        if !index.vector(id, &mut vector) {
            continue;
        }
        // 64 bits of hash stand for the vector: no second copy of the data.
        let bits: Vec<u32> = vector.iter().map(|value| value.to_bits()).collect();
        seen.duplicates += usize::from(!hashes.insert(hasher.hash_one(&bits)));
        seen.non_finite += usize::from(vector.iter().any(|value| !value.is_finite()));
        seen.all_unit &= is_unit(&vector);
    }
    seen
}
