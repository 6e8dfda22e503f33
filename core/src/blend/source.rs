//! The recordings behind an index.

use crate::retrieval;
use std::ops::Range;

/// A recording that vectors of an index were made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name.
    pub name: String,
    /// Ids of its vectors.
    pub ranges: Vec<Range<usize>>,
    /// True if the vectors of a range are consecutive in time.
    pub in_time_order: bool,
}

impl From<&retrieval::Source> for Source {
    fn from(source: &retrieval::Source) -> Self {
        Self {
            name: source.file.clone(),
            ranges: source
                .spans
                .iter()
                .map(|span| span.first_id..span.first_id.saturating_add(span.len))
                .collect(),
            in_time_order: !source.is_unknown(),
        }
    }
}
