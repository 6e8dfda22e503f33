//! A target: an index and the data about its vectors.

use super::percentiles::Percentiles;
use super::source::Source;
use super::takes::Takes;
use crate::controls::SearchParams;
use crate::frames::Frames;
use crate::retrieval::{EmbeddingIndex, Neighbours, RecallTable};
use crate::selection::TakeTable;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A voice to retrieve from.
#[derive(Clone)]
pub struct Target {
    /// Name shown to the user.
    pub name: String,
    /// Its embeddings.
    pub index: Arc<dyn EmbeddingIndex>,
    /// Distances between them.
    pub distances: Percentiles,
    /// The recordings they were made of; empty if unknown.
    pub sources: Vec<Source>,
    /// Weights of the recordings.
    pub takes: Takes,
    /// Median pitch of the recordings in Hz, where it is known.
    pub f0_median_hz: Option<f32>,
    /// Recall of its index by number of probes; empty if unknown.
    pub recall: RecallTable,
    /// Time of a search, where it was measured on this machine.
    pub search_time: Option<Duration>,
    /// Number of probes when chosen by recall ("auto").
    auto_probes: usize,
}

impl Target {
    /// A target with the data of the index's sidecar; without one, distances are measured
    /// (some milliseconds) and the sources are unknown. Loader thread.
    #[must_use]
    pub fn new(name: impl Into<String>, index: Arc<dyn EmbeddingIndex>) -> Self {
        let sidecar = index.sidecar();
        let known_distances = sidecar.and_then(|sidecar| Percentiles::from_sidecar(sidecar.distances?));
        let sources = sidecar.map_or(&[][..], |sidecar| &sidecar.sources);
        let recall = sidecar.and_then(|sidecar| sidecar.recall.clone());
        let f0_median_hz = sidecar.and_then(|sidecar| sidecar.f0_median_hz);
        let target = Self {
            name: name.into(),
            distances: known_distances.unwrap_or_else(|| Percentiles::measure(index.as_ref())),
            sources: sources.iter().map(Source::from).collect(),
            index,
            takes: Takes::default(),
            f0_median_hz: None,
            recall: RecallTable::default(),
            search_time: None,
            auto_probes: 1,
        };
        target
            .with_recall(recall.unwrap_or_default())
            .with_f0_median(f0_median_hz)
    }

    /// Sets the median pitch in Hz, if one is given that is a pitch.
    #[must_use]
    pub fn with_f0_median(mut self, f0_median_hz: Option<f32>) -> Self {
        let usable = f0_median_hz.filter(|hz| hz.is_finite() && *hz > 0.0);
        self.f0_median_hz = usable.or(self.f0_median_hz);
        self
    }

    /// Sets the measured recall.
    #[must_use]
    pub fn with_recall(mut self, recall: RecallTable) -> Self {
        // By recall alone, so that the choice is the same on every machine and in every
        // render; the time limit is in the search (`retrieval::deadline`).
        self.auto_probes = recall.auto_probes(f32::INFINITY);
        self.recall = recall;
        self
    }

    /// Measures what a search of one list takes (the quickest of three). Loader thread.
    #[must_use]
    pub fn with_measured_search(mut self) -> Self {
        let mut query = Frames::new(self.index.dim());
        query.resize(1);
        let params = SearchParams {
            n_probe: 1,
            ..SearchParams::default()
        };
        let mut found = Neighbours::default();
        let times = (0..3).filter_map(|_| {
            let started = Instant::now();
            self.index.search(&query, params, &mut found).ok()?;
            Some(started.elapsed())
        });
        self.search_time = times.min();
        self
    }

    /// The search of this target, with automatic probes resolved.
    #[must_use]
    pub fn search(&self, requested: SearchParams) -> SearchParams {
        SearchParams {
            n_probe: if requested.auto_probes {
                self.auto_probes
            } else {
                requested.n_probe
            },
            ..requested
        }
    }

    /// Sets the sources; ids beyond the index are ignored.
    #[must_use]
    pub fn with_sources(mut self, sources: Vec<Source>) -> Self {
        self.sources = sources;
        self
    }

    /// Sets the weights of the sources, in their order.
    pub fn set_take_weights(&mut self, weights: &[f32]) {
        self.takes = Takes::new(self.index.len(), &self.sources, weights);
    }

    /// Sets the weights that a table has for this target.
    pub fn apply_take_weights(&mut self, table: &TakeTable) {
        let Some(takes) = table.get(&self.name) else {
            self.takes = Takes::default();
            return;
        };
        let weights: Vec<f32> = self
            .sources
            .iter()
            .map(|source| f32::from(*takes.get(&source.name).unwrap_or(&100)) / 100.0)
            .collect();
        self.set_take_weights(&weights);
    }

    /// True if `next` comes right after `id` in one recording.
    #[must_use]
    pub fn follows(&self, id: i64, next: i64) -> bool {
        let (Ok(id), true) = (usize::try_from(id), next == id + 1) else {
            return false;
        };
        self.sources
            .iter()
            .filter(|source| source.in_time_order)
            .flat_map(|source| &source.ranges)
            .any(|range| range.contains(&id) && range.contains(&(id + 1)))
    }
}
