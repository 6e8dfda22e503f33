//! An index, and what is known about its vectors.

use super::percentiles::Percentiles;
use super::source::Source;
use super::takes::Takes;
use crate::controls::SearchParams;
use crate::retrieval::{EmbeddingIndex, RecallTable};
use crate::selection::TakeTable;
use std::sync::Arc;

/// A voice to retrieve from.
#[derive(Clone)]
pub struct Target {
    /// What the user knows it by.
    pub name: String,
    /// Its embeddings.
    pub index: Arc<dyn EmbeddingIndex>,
    /// How far they lie apart.
    pub distances: Percentiles,
    /// Where they come from; empty if that is not known.
    pub sources: Vec<Source>,
    /// Weights of those.
    pub takes: Takes,
    /// What its index finds by number of probes; empty if that is not known.
    pub recall: RecallTable,
    /// Probes where they are chosen by that ("auto").
    auto_probes: usize,
}

impl Target {
    /// A target with all that the index's sidecar tells; without one, its
    /// distances are measured, which takes some milliseconds, and its sources
    /// are not known. Loader thread.
    #[must_use]
    pub fn new(name: impl Into<String>, index: Arc<dyn EmbeddingIndex>) -> Self {
        let sidecar = index.sidecar();
        let told = sidecar.and_then(|sidecar| Percentiles::from_sidecar(sidecar.distances?));
        let sources = sidecar.map_or(&[][..], |sidecar| &sidecar.sources);
        let recall = sidecar.and_then(|sidecar| sidecar.recall.clone());
        let target = Self {
            name: name.into(),
            distances: told.unwrap_or_else(|| Percentiles::measure(index.as_ref())),
            sources: sources.iter().map(Source::from).collect(),
            index,
            takes: Takes::default(),
            recall: RecallTable::default(),
            auto_probes: 1,
        };
        target.with_recall(recall.unwrap_or_default())
    }

    /// With what its index was found to find.
    #[must_use]
    pub fn with_recall(mut self, recall: RecallTable) -> Self {
        // By recall alone, so that every machine and every render chooses alike; time
        // is kept by the search itself (`retrieval::deadline`), where there is a clock.
        self.auto_probes = recall.auto_probes(f32::INFINITY);
        self.recall = recall;
        self
    }

    /// The search of this target for one that was asked for.
    #[must_use]
    pub fn search(&self, asked: SearchParams) -> SearchParams {
        SearchParams {
            n_probe: if asked.auto_probes {
                self.auto_probes
            } else {
                asked.n_probe
            },
            ..asked
        }
    }

    /// With sources; ids that the index has not are ignored.
    #[must_use]
    pub fn with_sources(mut self, sources: Vec<Source>) -> Self {
        self.sources = sources;
        self
    }

    /// Sets the weights of the sources, in their order.
    pub fn set_take_weights(&mut self, weights: &[f32]) {
        self.takes = Takes::new(self.index.len(), &self.sources, weights);
    }

    /// Takes the weights that a table has for this target.
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
            .filter(|source| source.in_time)
            .flat_map(|source| &source.ranges)
            .any(|range| range.contains(&id) && range.contains(&(id + 1)))
    }
}
