//! A search that keeps to its time: fewer lists when it is short, the frame
//! before held when it is shorter still, and both counted.
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
}

/// How often time was short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShortCounts {
    /// Frames that were searched with fewer lists.
    pub lowered: u64,
    /// Frames that held the result of the one before.
    pub held: u64,
}

/// Learns what a search costs, and keeps searches within a budget.
///
/// faiss cannot be stopped inside a search; so the time is foretold from those
/// before: a part that does not depend on the number of lists and one that does.
/// A single search may be over its time; the next one then looks at less.
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    /// Seconds of a search of one list.
    one_list: f64,
    /// Seconds of every list more.
    each_more: f64,
    /// Searches that were timed, up to [`WARM_UP`].
    timed: u32,
    counts: ShortCounts,
    held_in_a_row: u32,
}

/// After so many held frames one is searched, to see whether there is time again.
const TRY_AGAIN: u32 = 25;

/// The first searches are not cut: the quickest of them tells what one costs, and not
/// one that had to wait for the disk or for another program.
const WARM_UP: u32 = 8;

/// Times over the foretold ones count at most so many times as much.
const OUTLIER: f64 = 3.0;

/// Share of the newest time in what is foretold.
const SMOOTH: f64 = 0.2;

impl Deadline {
    /// What to do with `budget` for this frame; `None` is all the time there is,
    /// as in an offline render, which never looks at a clock.
    pub fn decide(&mut self, params: SearchParams, budget: Option<Duration>) -> Decision {
        let Some(budget) = budget else {
            return Decision::Search(params);
        };
        let budget = budget.as_secs_f64();
        let wanted = params.n_probe.max(1);
        let foretold = |n_probe: usize| self.one_list + self.each_more * more_than_one(n_probe);
        if self.timed < WARM_UP || foretold(wanted) <= budget {
            self.held_in_a_row = 0;
            return Decision::Search(params);
        }
        let mut n_probe = wanted;
        while n_probe > 1 && foretold(n_probe) > budget {
            n_probe /= 2;
        }
        if foretold(n_probe) > budget && self.held_in_a_row < TRY_AGAIN {
            self.held_in_a_row += 1;
            self.counts.held += 1;
            return Decision::Hold;
        }
        self.held_in_a_row = 0;
        self.counts.lowered += u64::from(n_probe < wanted);
        Decision::Search(SearchParams { n_probe, ..params })
    }

    /// Tells what a search that was decided on took.
    pub fn took(&mut self, n_probe: usize, time: Duration) {
        let (time, more) = (time.as_secs_f64(), more_than_one(n_probe));
        if self.timed < WARM_UP {
            // Little known yet: half of it is looking for the lists.
            let one_list = time / (1.0 + more / 2.0);
            if self.timed == 0 || one_list < self.one_list {
                (self.one_list, self.each_more) = (one_list, one_list / 2.0);
            }
            self.timed += 1;
            return;
        }
        let foretold = self.one_list + self.each_more * more;
        // Both parts move in the same proportion: one number cannot tell them apart.
        // A search that another program interrupted is no sign of what searches cost.
        let factor = 1.0 + SMOOTH * ((time / foretold.max(1e-9)).min(OUTLIER) - 1.0);
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
            Decision::Hold => 0,
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
    fn the_frame_before_is_held_where_no_list_is_in_time_and_it_comes_back() {
        let mut deadline = Deadline::default();
        run(&mut deadline, 10, 1000, 1);
        let stuck = probes(&run(&mut deadline, 300, 50, 100));
        let searched = stuck[50..].iter().filter(|&&n| n > 0).count();
        assert!(searched <= 250 / TRY_AGAIN as usize + 1, "{searched} searches");
        assert!(deadline.counts().held > 200);
        let after = probes(&run(&mut deadline, 1500, 1000, 1));
        assert_eq!(after[1400..], [16; 100]);
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
