//! What is weak about an index that opened well.
//!
//! Thread: loader.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::EmbeddingIndex;

/// Numbers about an index, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        warnings
    }
}

/// Looks at every vector once.
#[must_use]
pub fn check(index: &dyn EmbeddingIndex, k: usize) -> Health {
    let list_sizes = index.list_sizes();
    let short_lists = list_sizes.iter().filter(|&&size| size < k).count();
    Health {
        vectors: index.len(),
        dim: index.dim(),
        short_lists,
        duplicates: duplicates(index),
        list_sizes,
        k,
    }
}

fn duplicates(index: &dyn EmbeddingIndex) -> usize {
    let hasher = RandomState::new();
    let mut seen = HashSet::new();
    let mut vector = vec![0.0_f32; index.dim()];
    (0_i64..)
        .take(index.len())
        .filter(|&id| {
            index.vector(id, &mut vector) && {
                // 64 bits of hash stand for the vector: no second copy of the data.
                let bits: Vec<u32> = vector.iter().map(|value| value.to_bits()).collect();
                !seen.insert(hasher.hash_one(&bits))
            }
        })
        .count()
}
