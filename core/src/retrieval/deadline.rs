//! Keeps the search of each frame within its time: fewer lists where time is short, no search
//! where it is shorter still, and both counted.
//!
//! Thread: worker, once per frame.

use std::time::Duration;

use super::SearchParams;

/// Most that the search of a frame (20 ms) may take in a live stream: far more than
/// it does on a machine that is not overloaded.
pub const LIVE_BUDGET: Duration = Duration::from_millis(5);

/// What to do for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Search with these.
    Search(SearchParams),
    /// There is no time: use what was found for the frame before.
    Hold,
    /// There has been no time for so long that what was found is out of date: leave retrieval out.
    Omit,
}

/// How often time was short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShortCounts {
    /// Frames that were searched with fewer lists.
    pub lowered: u64,
    /// Frames that were not searched.
    pub held: u64,
}

/// Learns what a search costs, and keeps searches within a budget.
///
/// faiss cannot be stopped inside a search, so the time is estimated from earlier ones: a part
/// that does not depend on the number of lists and one that does. A single search may exceed
/// its time; the next one then visits fewer lists.
///
/// Where not even one list is within the budget, searches are left out, and one is tried after a
/// pause that grows with what it costs, and doubles whenever the try was too slow again: an
/// index that is too large for this machine (a `Flat` one of hours of speech) would otherwise
/// cause a gap in the output every half second.
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    /// Seconds of a search of one list.
    one_list: f64,
    /// Seconds of every list more.
    each_more: f64,
    /// Searches that were timed, up to [`WARM_UP`].
    timed: u32,
    counts: ShortCounts,
    /// Frames without a search, up to now.
    held_in_a_row: u32,
    /// Tries in a row that were over the budget.
    failed_tries: u32,
    /// The budget of a try that was decided on and has not been timed yet.
    trying_within: Option<f64>,
}

/// Frames (half a second) for which a result is held; and the shortest pause before a search is
/// tried again, for each time that it exceeds the budget.
const TRY_AGAIN: u32 = 25;

/// Longest pause: half an hour.
const MAX_PAUSE: u32 = 30 * 60 * 50;

/// The first searches are not limited: the quickest of them shows what one costs, and not
/// one that had to wait for the disk or for another program.
const WARM_UP: u32 = 8;

/// Times over the estimated ones count at most so many times as much.
const OUTLIER: f64 = 3.0;

/// Share of the newest time in the estimate.
const SMOOTH: f64 = 0.2;

impl Deadline {
    /// For an index whose search was measured on this machine; without a measurement, or with
    /// one within [`LIVE_BUDGET`], the first searches are timed.
    #[must_use]
    pub fn expecting(search_time: Option<Duration>) -> Self {
        match search_time {
            Some(time) if time > LIVE_BUDGET => Self {
                one_list: time.as_secs_f64(),
                each_more: time.as_secs_f64() / 2.0,
                timed: WARM_UP,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    /// What to do with `budget` for this frame; `None` is all the time there is,
    /// as in an offline render, which never uses a clock.
    pub fn decide(&mut self, params: SearchParams, budget: Option<Duration>) -> Decision {
        self.trying_within = None;
        let Some(budget) = budget else {
            return Decision::Search(params);
        };
        let budget = budget.as_secs_f64();
        let wanted = params.n_probe.max(1);
        let estimate = |n_probe: usize| self.one_list + self.each_more * more_than_one(n_probe);
        if self.timed < WARM_UP || estimate(wanted) <= budget {
            self.held_in_a_row = 0;
            return Decision::Search(params);
        }
        let mut n_probe = wanted;
        while n_probe > 1 && estimate(n_probe) > budget {
            n_probe /= 2;
        }
        if estimate(n_probe) > budget {
            if self.held_in_a_row < self.pause(budget) {
                self.held_in_a_row += 1;
                self.counts.held += 1;
                return if self.held_in_a_row <= TRY_AGAIN {
                    Decision::Hold
                } else {
                    Decision::Omit
                };
            }
            self.trying_within = Some(budget);
        }
        self.held_in_a_row = 0;
        self.counts.lowered += u64::from(n_probe < wanted);
        Decision::Search(SearchParams { n_probe, ..params })
    }

    /// Frames without a search before the next try.
    fn pause(&self, budget: f64) -> u32 {
        let exceeds_by = (self.one_list / budget.max(1e-9))
            .ceil()
            .clamp(1.0, f64::from(MAX_PAUSE));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and MAX_PAUSE"
        )]
        let by_cost = TRY_AGAIN.saturating_mul(exceeds_by as u32);
        let doubled = 1_u32.checked_shl(self.failed_tries).unwrap_or(u32::MAX);
        by_cost.saturating_mul(doubled).min(MAX_PAUSE)
    }

    /// Reports what a search that was decided on took.
    pub fn took(&mut self, n_probe: usize, time: Duration) {
        let (time, more) = (time.as_secs_f64(), more_than_one(n_probe));
        if self.timed < WARM_UP {
            // Little is known yet: half of it is looking for the lists.
            let one_list = time / (1.0 + more / 2.0);
            if self.timed == 0 || one_list < self.one_list {
                (self.one_list, self.each_more) = (one_list, one_list / 2.0);
            }
            self.timed += 1;
            return;
        }
        if let Some(budget) = self.trying_within.take() {
            if time <= budget {
                // What made searches slow has passed; a search is never quicker than it can be.
                let one_list = time / (1.0 + more / 2.0);
                (self.one_list, self.each_more) = (one_list, one_list / 2.0);
                self.failed_tries = 0;
                return;
            }
            self.failed_tries = self.failed_tries.saturating_add(1);
        }
        let estimate = self.one_list + self.each_more * more;
        // Both parts move in the same proportion: one number cannot separate them.
        // A search that another program interrupted does not show what searches cost.
        let factor = 1.0 + SMOOTH * ((time / estimate.max(1e-9)).min(OUTLIER) - 1.0);
        self.one_list *= factor;
        self.each_more *= factor;
    }

    /// How often time was short since it was made.
    #[must_use]
    pub fn counts(&self) -> ShortCounts {
        self.counts
    }
}

fn more_than_one(n_probe: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand lists")]
    let more = n_probe.saturating_sub(1) as f64;
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of which every list takes 10 us, times `load`.
    fn run(deadline: &mut Deadline, frames: usize, budget_us: u64, load: u64) -> Vec<Decision> {
        let params = SearchParams {
            n_probe: 16,
            ..SearchParams::default()
        };
        let mut decisions = Vec::new();
        for _ in 0..frames {
            let decision = deadline.decide(params, Some(Duration::from_micros(budget_us)));
            if let Decision::Search(params) = decision {
                let time = Duration::from_micros(10 * load * params.n_probe as u64);
                deadline.took(params.n_probe, time);
            }
            decisions.push(decision);
        }
        decisions
    }

    fn probes(decisions: &[Decision]) -> Vec<usize> {
        let probes = decisions.iter().map(|decision| match decision {
            Decision::Search(params) => params.n_probe,
            Decision::Hold | Decision::Omit => 0,
        });
        probes.collect()
    }

    #[test]
    fn with_time_enough_nothing_changes() {
        let mut deadline = Deadline::default();
        assert!(probes(&run(&mut deadline, 200, 1000, 1)).iter().all(|&n| n == 16));
        assert_eq!(deadline.counts(), ShortCounts::default());
    }

    #[test]
    fn fewer_lists_where_time_is_short_and_all_again_after() {
        let mut deadline = Deadline::default();
        let short = probes(&run(&mut deadline, 200, 100, 1));
        // The first are not foretold; from then on within the time.
        let (first, then) = short.split_at(WARM_UP as usize);
        assert!(first.iter().all(|&n| n == 16), "{short:?}");
        assert!(then.iter().all(|&n| (1..=10).contains(&n)), "{short:?}");
        assert_eq!(deadline.counts().lowered, 200 - u64::from(WARM_UP));
        let after = probes(&run(&mut deadline, 100, 1000, 1));
        assert!(after[50..].iter().all(|&n| n == 16), "{after:?}");
    }

    #[test]
    fn the_frame_before_is_held_where_no_list_is_in_time_and_searches_come_back() {
        let mut deadline = Deadline::default();
        run(&mut deadline, 10, 1000, 1);
        // One list takes 1 ms, of 0.5.
        let slow = run(&mut deadline, 300, 500, 100);
        let searched = probes(&slow[50..]).iter().filter(|&&n| n > 0).count();
        assert!(searched <= 5, "{searched} searches");
        assert!(slow.contains(&Decision::Hold) && slow.contains(&Decision::Omit));
        assert!(deadline.counts().held > 200);
        let after = probes(&run(&mut deadline, 1500, 1000, 1));
        assert_eq!(after[1400..], [16; 100]);
    }

    #[test]
    fn a_search_that_always_exceeds_its_time_is_tried_more_and_more_seldom() {
        let budget = Some(LIVE_BUDGET);
        let params = SearchParams::default();
        // Exact search of hours of speech; measured when the voice was loaded.
        let time = Duration::from_millis(50);
        let mut deadline = Deadline::expecting(Some(time));
        let mut tries = Vec::new();
        for frame in 0..60 * 60 * 50 {
            if let Decision::Search(params) = deadline.decide(params, budget) {
                deadline.took(params.n_probe, time);
                tries.push(frame);
            }
        }
        assert!(tries[0] >= 5 * 50, "the first after {} frames", tries[0]);
        assert!(tries.len() <= 9, "{} tries in an hour", tries.len());
        let pauses: Vec<i32> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            pauses.windows(2).all(|pair| pair[1] >= pair[0].min(30 * 60 * 50)),
            "{pauses:?}"
        );
    }

    #[test]
    fn a_try_in_time_ends_the_pauses_at_once() {
        let mut deadline = Deadline::expecting(Some(Duration::from_millis(50)));
        let params = SearchParams::default();
        let budget = Some(LIVE_BUDGET);
        let first = (0..10_000).find(|_| matches!(deadline.decide(params, budget), Decision::Search(_)));
        assert!(first.is_some());
        deadline.took(params.n_probe, Duration::from_millis(1));
        for _ in 0..100 {
            assert_eq!(deadline.decide(params, budget), Decision::Search(params));
            deadline.took(params.n_probe, Duration::from_millis(1));
        }
    }

    #[test]
    fn an_index_measured_as_quick_starts_without_limits() {
        let mut deadline = Deadline::expecting(Some(Duration::from_millis(1)));
        assert!(probes(&run(&mut deadline, 50, 5_000, 1)).iter().all(|&n| n == 16));
    }

    #[test]
    fn a_slow_start_and_an_interrupted_search_cut_nothing() {
        let mut deadline = Deadline::default();
        run(&mut deadline, 3, 1000, 1000);
        run(&mut deadline, 20, 1000, 1);
        run(&mut deadline, 1, 1000, 1000);
        run(&mut deadline, 20, 1000, 1);
        assert_eq!(deadline.counts(), ShortCounts::default());
    }

    #[test]
    fn an_offline_render_is_never_cut() {
        let mut deadline = Deadline::default();
        run(&mut deadline, 50, 1, 1000);
        let params = SearchParams::default();
        assert_eq!(deadline.decide(params, None), Decision::Search(params));
    }
}
