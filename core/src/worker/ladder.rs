//! What gives way when a machine is too slow: quality, a step at a time, and
//! never time.
//!
//! The worker tells the [`Ladder`] what every hop cost. Where hops come near
//! to their budget it takes a step down, waits to see what that was worth,
//! and, if need be, takes the next. Where the load leaves room for what lies
//! above it climbs, more patiently after every climb that did not hold.
//!
//! No step is heard as such: searches change from frame to frame anyway, and
//! windows with another context are joined like all windows, by SOLA's fade.
//! An offline render takes no step, because it has all the time there is.

use crate::controls::SearchParams;
use crate::quality::Quality;
use std::time::Duration;

/// Share of the budget above which a step is taken. A single interruption
/// does not bring a voice of ordinary cost there (see [`RISE`]).
const TOO_MUCH: f32 = 0.9;
/// What a hop may be expected to take after a climb.
const AIR: f32 = 0.7;
/// A search that takes less than this is not worth giving up.
const WORTH_SAVING: f32 = 0.04;
/// A hop counts as no more than this: it says "too slow", not how much.
const WORST: f32 = 1.75;
/// Parts of the way that the estimate goes towards a hop's load.
const RISE: f32 = 0.25;
const FALL: f32 = 0.1;
const SETTLE: f32 = 0.5;
/// Hops after a step until its worth is known, and the next may be taken.
const SETTLE_HOPS: u32 = 4;
/// How long there must be room before a climb: at first, and at most.
const PATIENCE: Duration = Duration::from_secs(1);
const MOST_PATIENCE: Duration = Duration::from_secs(60);
/// A climb that lasts this long has held.
const HELD: Duration = Duration::from_secs(10);
/// Of so many frames one is searched for while retrieval is held (80 ms).
const HELD_FRAMES: i64 = 4;
/// Neighbours while there are few.
const FEW_K: usize = 2;

/// What a hop cost.
#[derive(Clone, Copy, Debug)]
pub struct HopCost {
    /// All of it.
    pub spent: Duration,
    /// The neighbour search in it.
    pub search: Duration,
    /// What the user asked the search to be.
    pub asked: SearchParams,
}

/// What a chain may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QualityReduction {
    one_list: bool,
    few_neighbours: bool,
    held: bool,
    context_part: usize,
}

impl QualityReduction {
    /// Nothing.
    pub const NONE: Self = Self {
        one_list: false,
        few_neighbours: false,
        held: false,
        context_part: 1,
    };

    /// The search to be done for one that was asked for.
    #[must_use]
    pub fn search(self, asked: SearchParams) -> SearchParams {
        SearchParams {
            k: if self.few_neighbours {
                asked.k.min(FEW_K)
            } else {
                asked.k
            },
            n_probe: if self.one_list { 1 } else { asked.n_probe },
            auto_probes: asked.auto_probes && !self.one_list,
            ..asked
        }
    }

    /// True if `frame` takes over what was found for the one before it.
    #[must_use]
    pub fn holds(self, frame: i64) -> bool {
        self.held && frame.rem_euclid(HELD_FRAMES) != 0
    }

    /// Frames of the past that are shown to a model which wants `full`.
    #[must_use]
    pub fn context(self, full: usize) -> usize {
        full / self.context_part
    }

    fn with(mut self, quality: Quality) -> Self {
        match quality {
            Quality::Full => {}
            Quality::OneList => self.one_list = true,
            Quality::FewNeighbours => self.few_neighbours = true,
            Quality::HeldRetrieval => self.held = true,
            Quality::HalfContext => self.context_part = 2,
            Quality::QuarterContext => self.context_part = 4,
        }
        self
    }
}

/// A step that was taken.
struct Step {
    to: Quality,
    /// Load before it, and how many times the load after it that was.
    before: f32,
    gain: f32,
}

/// Decides what gives way; see the module's text.
pub struct Ladder {
    hop: Duration,
    steps: Vec<Step>,
    load: f32,
    search_load: f32,
    asked: SearchParams,
    hops_since_step: u32,
    room_for: Duration,
    offline_wait: Duration,
    since_climb: Option<Duration>,
}

impl Ladder {
    /// At full quality. A hop of `hop` has as long to be computed.
    #[must_use]
    pub fn new(hop: Duration) -> Self {
        Self {
            hop,
            steps: Vec::new(),
            load: 0.0,
            search_load: 0.0,
            asked: SearchParams::default(),
            hops_since_step: SETTLE_HOPS,
            room_for: Duration::ZERO,
            offline_wait: PATIENCE,
            since_climb: None,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.steps.last().map_or(Quality::Full, |step| step.to)
    }

    /// What the next hop may leave out.
    #[must_use]
    pub fn reduction(&self) -> QualityReduction {
        self.steps
            .iter()
            .fold(QualityReduction::NONE, |reduction, step| reduction.with(step.to))
    }

    /// Back to full quality, as for a render that has all the time there is.
    pub fn release(&mut self) {
        *self = Self::new(self.hop);
    }

    /// A hop was computed. True if that was one step too many: the next hop
    /// is made with less.
    pub fn computed(&mut self, cost: HopCost) -> bool {
        let hop_s = self.hop.as_secs_f32();
        self.asked = cost.asked;
        let search_load = cost.search.as_secs_f32() / hop_s;
        self.search_load += RISE * (search_load.min(WORST) - self.search_load);
        self.follow(cost.spent.as_secs_f32() / hop_s)
    }

    /// A hop was given up because its time had come. As [`Self::computed`].
    pub fn missed(&mut self) -> bool {
        self.follow(WORST)
    }

    fn follow(&mut self, load: f32) -> bool {
        let load = load.min(WORST);
        let part = match self.hops_since_step {
            0 => 1.0,
            1..SETTLE_HOPS => SETTLE,
            _ if load > self.load => RISE,
            _ => FALL,
        };
        self.load += part * (load - self.load);
        self.hops_since_step = self.hops_since_step.saturating_add(1);
        if let Some(since) = &mut self.since_climb {
            *since += self.hop;
            if *since > HELD {
                self.since_climb = None;
                self.offline_wait = PATIENCE;
            }
        }
        if self.hops_since_step < SETTLE_HOPS {
            return false;
        }
        if self.hops_since_step == SETTLE_HOPS
            && let Some(step) = self.steps.last_mut()
            && step.gain == 0.0
        {
            step.gain = (step.before / self.load.max(0.01)).max(1.0);
        }
        if self.load > TOO_MUCH {
            self.room_for = Duration::ZERO;
            return self.go_down();
        }
        self.look_up();
        false
    }

    fn go_down(&mut self) -> bool {
        let Some(to) = self.below() else {
            return false;
        };
        if self.since_climb.take().is_some() {
            self.offline_wait = (2 * self.offline_wait).min(MOST_PATIENCE);
        }
        self.steps.push(Step {
            to,
            before: self.load,
            gain: 0.0,
        });
        self.hops_since_step = 0;
        true
    }

    /// The next step that can save anything.
    fn below(&self) -> Option<Quality> {
        let here = self.quality();
        let searches = self.search_load > WORTH_SAVING;
        Quality::ALL.into_iter().find(|&quality| {
            quality > here
                && match quality {
                    Quality::Full => false,
                    Quality::OneList => searches && self.asked.n_probe > 1,
                    Quality::FewNeighbours => searches && self.asked.k > FEW_K,
                    Quality::HeldRetrieval => searches,
                    Quality::HalfContext | Quality::QuarterContext => true,
                }
        })
    }

    /// Climbs where the load above is expected to fit, and has been for a while.
    fn look_up(&mut self) {
        let Some(step) = self.steps.last() else {
            return;
        };
        if self.load * step.gain.max(1.0) > AIR {
            self.room_for = Duration::ZERO;
            return;
        }
        self.room_for += self.hop;
        if self.room_for >= self.offline_wait {
            self.steps.pop();
            self.room_for = Duration::ZERO;
            self.hops_since_step = 0;
            self.since_climb = Some(Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests;
