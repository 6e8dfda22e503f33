//! Blending of one embedding frame.
//!
//! With `h` the live embedding, `r_j` the embedding retrieved from target `j`, `m_j`
//! the morph's weights and `a` the ratio of one half of the frame:
//!
//! ```text
//! r = sum m_j r_j        a = ratio * trust * voicing * loudness * pitch
//! e = (1 - a) h + a r    (some columns of a pack differ: see [`columns`])
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | [`target`] | an index and the data about its vectors |
//! | [`percentiles`] | distances between the index's own vectors |
//! | [`trust`] | factor by distance, and the confidence |
//! | [`curves`] | factor by voicing, loudness and pitch |
//! | [`morph`] | weights of targets, from numbers or from a pad |
//! | [`takes`] | weights of source files, before the search |
//! | [`continuity`] | neighbours that join well, without look-ahead |
//! | [`columns`] | columns with their own share of the ratio |
//!
//! With default settings this is RVC's arithmetic, bit for bit.
//!
//! Thread: worker, once per frame; functions for load time are marked.

pub mod columns;
pub mod continuity;
pub mod curves;
pub mod morph;
pub mod percentiles;
mod source;
pub mod takes;
pub mod target;
mod target_pitch;
pub mod trust;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use source::Source;
pub use takes::TakeWeights;
pub use target::Target;
pub use target_pitch::target_pitch_hz;

use crate::controls::{Controls, Listen, MAX_K, MAX_TARGETS};
use crate::frames::Frames;
use crate::retrieval::deadline::{Deadline, Decision};
use crate::retrieval::{EncoderFit, Neighbours, SearchError, blend, squared_distances, weighted_mean};
use columns::{Columns, Content, DetailSmoother};
use continuity::{POOL, Path};
use std::time::{Duration, Instant};

/// One frame to be blended.
#[derive(Clone, Copy, Debug)]
pub struct FrameInput<'a> {
    /// The encoder's embedding.
    pub live: &'a [f32],
    /// Pitch of its two halves in Hz, before any shift; 0 = unvoiced.
    pub f0_hz: [f32; 2],
    /// Root mean square of the input over its two halves.
    pub level: [f32; 2],
    /// Controls at its middle.
    pub controls: &'a Controls,
}

/// Results of blending a frame; the newest frame's are shown.
#[derive(Debug, Default)]
pub struct FrameReport {
    /// The second half's ratio, everything included.
    pub ratio: f32,
    /// Distance to the nearest neighbour (not squared), averaged over the searched
    /// targets by their weights; `None` if nothing was found.
    pub nearest: Option<f32>,
    /// Confidence in the retrieved embedding, 0..1.
    pub confidence: f32,
    /// Rank of the distance: 0..1 among the index's own distances, up to 2 beyond.
    pub rank: f32,
    /// How far the neighbours agree, 0..1.
    pub agreement: f32,
    /// Time spent searching.
    pub search: Duration,
    /// Searches that were limited or left out because time ran out.
    pub short_searches: u64,
    /// Why a target was left out, if one was.
    pub search_error: Option<SearchError>,
    /// The target whose index turned out with this frame to be made with another encoder.
    pub other_encoder: Option<usize>,
}

/// State of one target from frame to frame.
#[derive(Default)]
struct TargetState {
    path: Path,
    retrieved: Vec<f32>,
    deadline: Deadline,
    /// Compares the first voiced frames with the index; `None`: not begun.
    fit: Option<Option<EncoderFit>>,
    /// The result that `retrieved` belongs to, for frames that reuse it.
    last: Option<SearchResult>,
}

impl TargetState {
    /// Drops the previous frame.
    fn restart(&mut self) {
        self.path.restart();
        self.last = None;
    }
}

/// Blends frames in order of time.
pub struct Blender {
    queries: Frames,
    neighbours: Neighbours,
    states: Vec<TargetState>,
    morphed: Vec<f32>,
    content: Content,
    detail_smoother: DetailSmoother,
    held: bool,
    search_budget: Option<Duration>,
}

/// Result of one target for a frame.
#[derive(Clone, Copy, Debug, Default)]
struct SearchResult {
    nearest: f32,
    rank: f32,
    agreement: f32,
}

impl Blender {
    /// For embeddings of `dim` values.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        Self {
            queries: Frames::new(dim),
            neighbours: Neighbours::default(),
            states: Vec::new(),
            morphed: vec![0.0; dim],
            content: Content::default(),
            detail_smoother: DetailSmoother::new(Columns::default(), dim),
            held: false,
            search_budget: None,
        }
    }

    /// Sets columns with their own share of the ratio; a share is clamped to 0..=1.
    #[must_use]
    pub fn with_columns(mut self, columns: Columns) -> Self {
        let dim = self.queries.dim();
        self.detail_smoother = DetailSmoother::new(columns, dim);
        self.content = Content {
            columns: columns.content.columns.min(dim),
            share: columns.content.share.clamp(0.0, 1.0),
        };
        self
    }

    /// True: the following frames reuse the last retrieved embedding, if there is one,
    /// and no index is searched.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Time budget of the search of a frame in one index; `None`: no limit, as in an
    /// offline render. When time is short, fewer lists are searched; when it is shorter
    /// still, the previous frame's result is reused.
    pub fn set_search_budget(&mut self, budget: Option<Duration>) {
        self.search_budget = budget;
    }

    /// Drops the previous frame.
    pub fn restart(&mut self) {
        self.states.iter_mut().for_each(TargetState::restart);
        self.detail_smoother.restart();
    }

    /// Blends a frame into two rows of 10 ms.
    ///
    /// # Panics
    /// If an index or `out` is not of the live embedding's size.
    pub fn frame(&mut self, targets: &[Target], input: &FrameInput<'_>, out: [&mut [f32]; 2]) -> FrameReport {
        let mut report = FrameReport::default();
        let controls = input.controls;
        let settings = &controls.blend;
        let Some(found) = self.retrieve(targets, input, &mut report) else {
            // Nothing was retrieved: the live embedding alone.
            self.detail_smoother.restart();
            for row in out {
                row.copy_from_slice(input.live);
            }
            return report;
        };
        self.detail_smoother.push(input.live, &self.morphed);
        report.nearest = Some(found.nearest);
        report.rank = found.rank;
        report.agreement = found.agreement;
        report.confidence = trust::confidence(found.rank, found.agreement);
        let set_ratio =
            controls.drive.ratio(controls.blend_ratio) * trust::factor(found.rank, settings.trust);
        for (half, row) in out.into_iter().enumerate() {
            let factor = curves::factor(&settings.curves, input.f0_hz[half], input.level[half]);
            report.ratio = match settings.listen {
                Listen::Live => 0.0,
                Listen::Retrieved => 1.0,
                Listen::Blend | Listen::Difference => set_ratio * factor,
            };
            let goal = self.detail_smoother.goal(input.live, &self.morphed, report.ratio);
            let columns = self.content.columns;
            for (part, share) in [(0..columns, self.content.share), (columns..row.len(), 1.0)] {
                let (live, other) = (&input.live[part.clone()], &goal[part.clone()]);
                if settings.listen == Listen::Difference {
                    for ((value, &own), &other) in row[part].iter_mut().zip(live).zip(other) {
                        *value = report.ratio * share * (other - own);
                    }
                } else {
                    blend(live, other, report.ratio * share, &mut row[part]);
                }
            }
        }
        report
    }

    /// Retrieves from all targets; the weighted mean is in `self.morphed`.
    fn retrieve(
        &mut self,
        targets: &[Target],
        input: &FrameInput<'_>,
        report: &mut FrameReport,
    ) -> Option<SearchResult> {
        let targets = &targets[..targets.len().min(MAX_TARGETS)];
        for target in targets.iter().skip(self.states.len()) {
            self.states.push(TargetState {
                deadline: Deadline::expecting(target.search_time),
                ..TargetState::default()
            });
        }
        self.states.truncate(targets.len());
        self.queries.clear(input.live.len());
        self.queries.push(input.live);
        let weights = morph::weights(&input.controls.blend.morph, targets.len());
        let mut parts = [(0.0, SearchResult::default()); MAX_TARGETS];
        for (j, target) in targets.iter().enumerate() {
            if weights[j] > 0.0 {
                if let Some(found) = self.search_target(target, j, input, report) {
                    parts[j] = (weights[j], found);
                }
            } else {
                self.states[j].restart();
            }
        }
        // The share of a target that found nothing goes to the others.
        let total: f32 = parts.iter().map(|part| part.0).sum();
        if total <= 0.0 {
            return None;
        }
        let mut sum = SearchResult::default();
        let mut first = true;
        for ((weight, found), state) in parts.iter().zip(&self.states).filter(|(part, _)| part.0 > 0.0) {
            // Exactly 1 for a single target: its values stay bit-exact.
            let share = weight / total;
            for (value, &part) in self.morphed.iter_mut().zip(&state.retrieved) {
                *value = if first {
                    share * part
                } else {
                    *value + share * part
                };
            }
            sum.nearest += share * found.nearest;
            sum.rank += share * found.rank;
            sum.agreement += share * found.agreement;
            first = false;
        }
        Some(sum)
    }

    /// Searches one target; the embedding is in its `retrieved`.
    fn search_target(
        &mut self,
        target: &Target,
        j: usize,
        input: &FrameInput<'_>,
        report: &mut FrameReport,
    ) -> Option<SearchResult> {
        let controls = input.controls;
        if self.held
            && let Some(found) = self.states[j].last
        {
            return Some(found);
        }
        let index = target.index.as_ref();
        let state = &mut self.states[j];
        let before = state.deadline.counts();
        let requested = target.search(controls.search);
        let mut params = match state.deadline.decide(requested, self.search_budget) {
            Decision::Search(params) => params,
            Decision::Hold => {
                report.short_searches += 1;
                // After a gap there is none: one search more could cause the next gap.
                return state.last;
            }
            Decision::Omit => {
                report.short_searches += 1;
                state.last = None;
                return None;
            }
        };
        report.short_searches += state.deadline.counts().lowered - before.lowered;
        let started = Instant::now();
        let continuity = controls.blend.continuity;
        let k = controls.search.k.clamp(1, MAX_K);
        if continuity > 0.0 {
            params.k = (POOL * k).min(MAX_K);
        }
        let searched = target
            .takes
            .search(index, &self.queries, params, &mut self.neighbours);
        let elapsed = started.elapsed();
        report.search += elapsed;
        state.deadline.took(params.n_probe, elapsed);
        if let Err(error) = searched {
            state.restart();
            report.search_error = Some(error);
            return None;
        }
        let mut scores = [f32::INFINITY; MAX_K];
        let ids = squared_distances(&self.neighbours, index, &self.queries, 0, &mut scores);
        let nearest_squared = scores.iter().copied().fold(f32::INFINITY, f32::min);
        if input.f0_hz.iter().all(|&f0_hz| f0_hz > 0.0) && nearest_squared.is_finite() {
            let fit = state.fit.get_or_insert_with(|| EncoderFit::new(index));
            let nearest = ids
                .iter()
                .zip(&scores)
                .find(|(_, score)| **score == nearest_squared);
            if let (Some(fit), Some((&id, _))) = (fit, nearest)
                && fit.add(input.live, id, nearest_squared.max(0.0).sqrt()) == Some(true)
            {
                report.other_encoder = Some(j);
            }
        }
        target.takes.apply_weights(ids, &mut scores);
        if continuity > 0.0 {
            state.path.extend(target, ids, &mut scores, continuity, k);
        } else {
            state.path.restart();
        }
        state.retrieved.resize(index.dim(), 0.0);
        let weighting = controls.blend.weighting;
        let mean = weighted_mean(index, ids, &scores, weighting, &mut state.retrieved);
        if mean.retrieved.used == 0 {
            state.last = None;
            return None;
        }
        let nearest = nearest_squared.max(0.0).sqrt();
        state.last = Some(SearchResult {
            nearest,
            rank: target.distances.rank(nearest),
            agreement: trust::agreement(mean.spread_squared, target.distances.median()),
        });
        state.last
    }
}
