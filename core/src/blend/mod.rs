//! Blending as an instrument: what becomes of one embedding frame.
//!
//! With `h` the live embedding, `r_j` what target `j` gives for it, `m_j` the
//! morph's weights and `a` the ratio of one half of the frame:
//!
//! ```text
//! r = sum m_j r_j        a = ratio * trust * voicing * loudness * pitch
//! e = (1 - a) h + a r    (columns that a pack names follow otherwise: [`columns`])
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | [`target`] | an index and what is known about its vectors |
//! | [`percentiles`] | how far the index's own vectors lie apart |
//! | [`trust`] | distance to factor, and the confidence |
//! | [`curves`] | voicing, loudness and pitch to factor |
//! | [`morph`] | weights of targets, from numbers or from a pad |
//! | [`takes`] | weights of source files, before the search |
//! | [`continuity`] | neighbours that join well, without looking ahead |
//! | [`columns`] | columns that do not simply follow the ratio |
//!
//! At its defaults this is RVC's arithmetic, bit for bit.
//!
//! Thread: worker, once per frame; what is built at load time says so.

pub mod columns;
pub mod continuity;
pub mod curves;
pub mod morph;
pub mod percentiles;
mod source;
pub mod takes;
pub mod target;
pub mod trust;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use source::Source;
pub use takes::TakeWeights;
pub use target::Target;

use crate::controls::{Controls, Listen, MAX_K, MAX_TARGETS, SearchParams};
use crate::frames::Frames;
use crate::retrieval::deadline::{Deadline, Decision};
use crate::retrieval::{Neighbours, SearchError, blend, squared_distances, weighted_mean};
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
    /// What was set at its middle.
    pub controls: &'a Controls,
}

/// What blending found and did; the newest frame's is shown.
#[derive(Debug, Default)]
pub struct FrameReport {
    /// The second half's ratio, everything included.
    pub ratio: f32,
    /// Distance to the nearest neighbour (not squared), over the targets that
    /// were asked weighted like them; `None` if nothing was found.
    pub nearest: Option<f32>,
    /// 0..1: how far the retrieved embedding can be relied on.
    pub confidence: f32,
    /// 0..1 among the index's own distances, above for farther ones.
    pub rank: f32,
    /// 0..1: whether the neighbours mean the same.
    pub agreement: f32,
    /// Time spent searching.
    pub search: Duration,
    /// Searches that were cut short or left out, because time was short.
    pub short_searches: u64,
    /// Why a target was left out, if one was.
    pub search_error: Option<SearchError>,
}

/// One target's memory from frame to frame.
#[derive(Default)]
struct Voice {
    path: Path,
    retrieved: Vec<f32>,
    deadline: Deadline,
    /// What `retrieved` was made of, for frames that keep it.
    last: Option<Found>,
}

impl Voice {
    /// Forgets the frame before.
    fn restart(&mut self) {
        self.path.restart();
        self.last = None;
    }
}

/// Blends frame after frame.
pub struct Blender {
    queries: Frames,
    neighbours: Neighbours,
    voices: Vec<Voice>,
    morphed: Vec<f32>,
    content: Content,
    detail_smoother: DetailSmoother,
    held: bool,
    search_budget: Option<Duration>,
}

/// What one target gave for a frame.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
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
            voices: Vec::new(),
            morphed: vec![0.0; dim],
            content: Content::default(),
            detail_smoother: DetailSmoother::new(Columns::default(), dim),
            held: false,
            search_budget: None,
        }
    }

    /// Lets some columns follow otherwise; a share outside 0..1 counts as its end.
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

    /// True: the frames to come keep what was retrieved last, where there is
    /// something, and no index is searched.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Time that the search of a frame in one index may take; `None`: all it wants,
    /// as in an offline render. Where time is short, fewer lists are visited, and
    /// where it is shorter still, the frame before is held.
    pub fn set_search_budget(&mut self, budget: Option<Duration>) {
        self.search_budget = budget;
    }

    /// Forgets the frame before.
    pub fn restart(&mut self) {
        self.voices.iter_mut().for_each(Voice::restart);
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
            // Nothing to blend with: the live embedding goes on alone.
            self.detail_smoother.restart();
            for row in out {
                row.copy_from_slice(input.live);
            }
            return report;
        };
        self.detail_smoother.follow(input.live, &self.morphed);
        report.nearest = Some(found.nearest);
        report.rank = found.rank;
        report.agreement = found.agreement;
        report.confidence = trust::confidence(found.rank, found.agreement);
        let set = controls.drive.ratio(controls.blend_ratio) * trust::factor(found.rank, settings.trust);
        for (half, row) in out.into_iter().enumerate() {
            let factor = curves::factor(&settings.curves, input.f0_hz[half], input.level[half]);
            report.ratio = match settings.listen {
                Listen::Live => 0.0,
                Listen::Retrieved => 1.0,
                Listen::Blend | Listen::Difference => set * factor,
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

    /// What all targets together give, in `self.morphed`.
    fn retrieve(
        &mut self,
        targets: &[Target],
        input: &FrameInput<'_>,
        report: &mut FrameReport,
    ) -> Option<Found> {
        let targets = &targets[..targets.len().min(MAX_TARGETS)];
        self.voices.resize_with(targets.len(), Voice::default);
        self.queries.clear(input.live.len());
        self.queries.push(input.live);
        let weights = morph::weights(&input.controls.blend.morph, targets.len());
        let mut parts = [(0.0, Found::default()); MAX_TARGETS];
        for (j, target) in targets.iter().enumerate() {
            if weights[j] > 0.0 {
                if let Some(found) = self.ask(target, j, input.controls, report) {
                    parts[j] = (weights[j], found);
                }
            } else {
                self.voices[j].restart();
            }
        }
        // Who found nothing leaves its share to the others.
        let total: f32 = parts.iter().map(|part| part.0).sum();
        if total <= 0.0 {
            return None;
        }
        let mut sum = Found::default();
        let mut first = true;
        for ((weight, found), voice) in parts.iter().zip(&self.voices).filter(|(part, _)| part.0 > 0.0) {
            // Exactly 1 for a target alone: its values pass through untouched.
            let share = weight / total;
            for (value, &part) in self.morphed.iter_mut().zip(&voice.retrieved) {
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

    /// One target's answer, in its `retrieved`.
    fn ask(
        &mut self,
        target: &Target,
        j: usize,
        controls: &Controls,
        report: &mut FrameReport,
    ) -> Option<Found> {
        if self.held
            && let Some(found) = self.voices[j].last
        {
            return Some(found);
        }
        let index = target.index.as_ref();
        let voice = &mut self.voices[j];
        let before = voice.deadline.counts();
        let asked = target.search(controls.search);
        let mut params = match (voice.deadline.decide(asked, self.search_budget), voice.last) {
            (Decision::Hold, Some(last)) => {
                report.short_searches += 1;
                return Some(last);
            }
            // Nothing to hold yet.
            (Decision::Hold, None) => SearchParams { n_probe: 1, ..asked },
            (Decision::Search(params), _) => params,
        };
        report.short_searches += voice.deadline.counts().lowered - before.lowered;
        let started = Instant::now();
        let continuity = controls.blend.continuity;
        let k = controls.search.k.clamp(1, MAX_K);
        if continuity > 0.0 {
            params.k = (POOL * k).min(MAX_K);
        }
        let searched = target
            .takes
            .search(index, &self.queries, params, &mut self.neighbours);
        let took = started.elapsed();
        report.search += took;
        voice.deadline.took(params.n_probe, took);
        if let Err(error) = searched {
            voice.restart();
            report.search_error = Some(error);
            return None;
        }
        let mut scores = [f32::INFINITY; MAX_K];
        let ids = squared_distances(&self.neighbours, index, &self.queries, 0, &mut scores);
        let nearest_squared = scores.iter().copied().fold(f32::INFINITY, f32::min);
        target.takes.weigh(ids, &mut scores);
        if continuity > 0.0 {
            voice.path.follow(target, ids, &mut scores, continuity, k);
        } else {
            voice.path.restart();
        }
        voice.retrieved.resize(index.dim(), 0.0);
        let mean = weighted_mean(index, ids, &scores, &mut voice.retrieved);
        if mean.retrieved.used == 0 {
            voice.last = None;
            return None;
        }
        let nearest = nearest_squared.max(0.0).sqrt();
        voice.last = Some(Found {
            nearest,
            rank: target.distances.rank(nearest),
            agreement: trust::agreement(mean.spread_squared, target.distances.median()),
        });
        voice.last
    }
}
