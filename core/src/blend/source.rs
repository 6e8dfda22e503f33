//! The recordings behind an index.

use crate::retrieval;
use std::ops::Range;

/// A recording that vectors of an index were made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the user knows it by: the file's name.
    pub name: String,
    /// Its vectors.
    pub ranges: Vec<Range<usize>>,
    /// True if those of a range are in order of time.
    pub in_time: bool,
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
            in_time: !source.is_unknown(),
        }
    }
}
