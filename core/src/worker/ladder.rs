//! On an overloaded machine quality is reduced step by step, so that hops stay
//! in time.
//!
//! The worker reports the cost of every hop to the [`Ladder`]. When the load
//! comes near to the budget the ladder reduces quality by one step, measures
//! what that saved, and reduces again if need be. When there is headroom it
//! raises quality by one step. After every raise that did not last it waits
//! twice as long before the next.
//!
//! A step is not audible as a discontinuity: searches change from frame to frame
//! anyway, and windows with another context are joined by SOLA like all windows.
//! Offline renders never reduce quality.

use crate::controls::SearchParams;
use crate::quality::Quality;
use std::time::Duration;

/// Load (share of the budget) above which quality is reduced. A single slow hop
/// does not bring a voice of ordinary cost there (see [`SMOOTHING_UP`]).
const OVERLOAD: f32 = 0.9;
/// Highest load expected after a raise for which the raise is made.
const MAX_LOAD_AFTER_RAISE: f32 = 0.7;
/// Below this search load, reducing the search would save nothing.
const MIN_SEARCH_LOAD: f32 = 0.04;
/// The load of one hop is clipped to this, so that one outlier does not dominate.
const LOAD_CAP: f32 = 1.75;
/// Coefficients of the one-pole smoothing of the load.
const SMOOTHING_UP: f32 = 0.25;
const SMOOTHING_DOWN: f32 = 0.1;
const SMOOTHING_AFTER_STEP: f32 = 0.5;
/// Hops after a step until its effect is measured and the next may follow.
const SETTLE_HOPS: u32 = 4;
/// How long there must be headroom before a raise: at first, and at most.
const MIN_RAISE_DELAY: Duration = Duration::from_secs(1);
const MAX_RAISE_DELAY: Duration = Duration::from_secs(60);
/// A raise that lasts this long counts as stable.
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// While retrieval is held, one frame in this many is searched for (80 ms).
const SEARCH_EVERY_FRAMES: i64 = 4;
/// Neighbours per frame at [`Quality::FewNeighbours`].
const REDUCED_K: usize = 2;

/// What a hop cost.
#[derive(Clone, Copy, Debug)]
pub struct HopCost {
    /// Time for the whole hop.
    pub spent: Duration,
    /// Time for its neighbour search.
    pub search: Duration,
    /// The search that the user set.
    pub requested: SearchParams,
}

/// What a chain leaves out at a reduced quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QualityReduction {
    one_list: bool,
    few_neighbours: bool,
    hold_retrieval: bool,
    context_divisor: usize,
}

impl QualityReduction {
    /// Nothing: full quality.
    pub const NONE: Self = Self {
        one_list: false,
        few_neighbours: false,
        hold_retrieval: false,
        context_divisor: 1,
    };

    /// The search to be done in place of the `requested` one.
    #[must_use]
    pub fn search(self, requested: SearchParams) -> SearchParams {
        SearchParams {
            k: if self.few_neighbours {
                requested.k.min(REDUCED_K)
            } else {
                requested.k
            },
            n_probe: if self.one_list { 1 } else { requested.n_probe },
            auto_probes: requested.auto_probes && !self.one_list,
            ..requested
        }
    }

    /// True if `frame` reuses the neighbours of the frame before it.
    #[must_use]
    pub fn holds_frame(self, frame: i64) -> bool {
        self.hold_retrieval && frame.rem_euclid(SEARCH_EVERY_FRAMES) != 0
    }

    /// Context frames for a model whose full context is `full`.
    #[must_use]
    pub fn context(self, full: usize) -> usize {
        full / self.context_divisor
    }

    /// The same, and what this quality leaves out.
    #[must_use]
    pub fn with(mut self, quality: Quality) -> Self {
        match quality {
            Quality::Full => {}
            Quality::OneList => self.one_list = true,
            Quality::FewNeighbours => self.few_neighbours = true,
            Quality::HeldRetrieval => self.hold_retrieval = true,
            Quality::HalfContext => self.context_divisor = 2,
            Quality::QuarterContext => self.context_divisor = 4,
        }
        self
    }
}

/// A reduction in effect.
struct Step {
    to: Quality,
    load_before: f32,
    /// Load before it over the load after it; 0 until measured.
    gain: f32,
}

/// Chooses the quality from the load; see the module's text.
pub struct Ladder {
    hop: Duration,
    steps: Vec<Step>,
    load: f32,
    search_load: f32,
    requested: SearchParams,
    hops_since_step: u32,
    headroom_for: Duration,
    raise_delay: Duration,
    since_raise: Option<Duration>,
}

impl Ladder {
    /// At full quality. `hop`: time budget of one hop.
    #[must_use]
    pub fn new(hop: Duration) -> Self {
        Self {
            hop,
            steps: Vec::new(),
            load: 0.0,
            search_load: 0.0,
            requested: SearchParams::default(),
            hops_since_step: SETTLE_HOPS,
            headroom_for: Duration::ZERO,
            raise_delay: MIN_RAISE_DELAY,
            since_raise: None,
        }
    }

    /// The quality in effect.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.steps.last().map_or(Quality::Full, |step| step.to)
    }

    /// What the next hop leaves out.
    #[must_use]
    pub fn reduction(&self) -> QualityReduction {
        self.steps
            .iter()
            .fold(QualityReduction::NONE, |reduction, step| reduction.with(step.to))
    }

    /// Back to full quality.
    pub fn reset(&mut self) {
        *self = Self::new(self.hop);
    }

    /// Call after each computed hop. True if quality was reduced for the next one.
    pub fn hop_computed(&mut self, cost: HopCost) -> bool {
        let hop_s = self.hop.as_secs_f32();
        self.requested = cost.requested;
        let search_load = cost.search.as_secs_f32() / hop_s;
        self.search_load += SMOOTHING_UP * (search_load.min(LOAD_CAP) - self.search_load);
        self.update_load(cost.spent.as_secs_f32() / hop_s)
    }

    /// Call for each hop that was dropped because it was late. As [`Self::hop_computed`].
    pub fn hop_missed(&mut self) -> bool {
        self.update_load(LOAD_CAP)
    }

    fn update_load(&mut self, load: f32) -> bool {
        let load = load.min(LOAD_CAP);
        let coefficient = match self.hops_since_step {
            0 => 1.0,
            1..SETTLE_HOPS => SMOOTHING_AFTER_STEP,
            _ if load > self.load => SMOOTHING_UP,
            _ => SMOOTHING_DOWN,
        };
        self.load += coefficient * (load - self.load);
        self.hops_since_step = self.hops_since_step.saturating_add(1);
        if let Some(since) = &mut self.since_raise {
            *since += self.hop;
            if *since > STABLE_AFTER {
                self.since_raise = None;
                self.raise_delay = MIN_RAISE_DELAY;
            }
        }
        if self.hops_since_step < SETTLE_HOPS {
            return false;
        }
        if self.hops_since_step == SETTLE_HOPS
            && let Some(step) = self.steps.last_mut()
            && step.gain == 0.0
        {
            step.gain = (step.load_before / self.load.max(0.01)).max(1.0);
        }
        if self.load > OVERLOAD {
            self.headroom_for = Duration::ZERO;
            return self.reduce();
        }
        self.raise_if_headroom();
        false
    }

    fn reduce(&mut self) -> bool {
        let Some(to) = self.next_reduction() else {
            return false;
        };
        if self.since_raise.take().is_some() {
            self.raise_delay = (2 * self.raise_delay).min(MAX_RAISE_DELAY);
        }
        self.steps.push(Step {
            to,
            load_before: self.load,
            gain: 0.0,
        });
        self.hops_since_step = 0;
        true
    }

    /// The next step down that saves time.
    fn next_reduction(&self) -> Option<Quality> {
        let here = self.quality();
        let searches = self.search_load > MIN_SEARCH_LOAD;
        Quality::ALL.into_iter().find(|&quality| {
            quality > here
                && match quality {
                    Quality::Full => false,
                    Quality::OneList => searches && self.requested.n_probe > 1,
                    Quality::FewNeighbours => searches && self.requested.k > REDUCED_K,
                    Quality::HeldRetrieval => searches,
                    Quality::HalfContext | Quality::QuarterContext => true,
                }
        })
    }

    /// Raises quality by one step once the load expected there has fitted for long enough.
    fn raise_if_headroom(&mut self) {
        let Some(step) = self.steps.last() else {
            return;
        };
        if self.load * step.gain.max(1.0) > MAX_LOAD_AFTER_RAISE {
            self.headroom_for = Duration::ZERO;
            return;
        }
        self.headroom_for += self.hop;
        if self.headroom_for >= self.raise_delay {
            self.steps.pop();
            self.headroom_for = Duration::ZERO;
            self.hops_since_step = 0;
            self.since_raise = Some(Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests;
