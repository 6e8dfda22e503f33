//! How long the worker may sleep: until the block arrives that completes the next hop.
//!
//! The audio thread must not wake the worker, since that is a system call. It notes when each block arrived
//! ([`super::arrival`]); blocks follow a clock, so the time of a later one can be predicted. A block that comes
//! late moves the expectation only by a part of its delay, so that one late block does not delay the next poll; one
//! that comes early moves it at once.

use super::arrival::Arrival;
use std::time::Duration;

/// The worker polls this long after the block is expected: then one poll is enough.
const AFTER_US: i64 = 150;
/// Pauses while a block is overdue: the shortest, the longest within the first second, and after that.
const SHORTEST_US: i64 = 500;
const LONGEST_US: i64 = 20_000;
const IDLE_US: i64 = 50_000;
/// While a block is overdue, a pause is the overdue time divided by this.
const OVERDUE_PART: i64 = 8;
/// A late block moves the expectation by its delay divided by this: enough for a sound card whose clock is 1000 ppm
/// slow.
const LATE_PART: i64 = 16;
/// A block that arrives this far from its expected time resets the expectation.
const NEW_COUNT_US: i64 = 50_000;
/// Polls for irregular blocks are limited to one per `LOOK_US` on average, and to `LOOKS_AT_ONCE` in a row.
const LOOK_US: i64 = 5_400;
const LOOKS_AT_ONCE: i64 = 30;
/// Pauses of an offline render, whose blocks follow no clock: the time since the newest block, divided by this.
const OFFLINE_PART: i64 = 20;
const OFFLINE_SHORTEST_US: i64 = 50;

/// What the worker knows when it finds no hop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Now, on the clock of [`Arrival::at_us`].
    pub now_us: u32,
    /// The newest block.
    pub arrival: Arrival,
    /// The smallest number of samples that recently arrived at once; 0: not known.
    pub group_host: u32,
    /// Input position at which the next hop is complete.
    pub hop_end_host: u32,
    /// The host is ahead of the clock and may be waiting for a hop.
    pub ahead: bool,
}

/// Expects blocks by the clock.
pub(super) struct DueClock {
    rate_hz: i64,
    seen: Option<Arrival>,
    /// How much later than expected the newest block arrived.
    late_us: i64,
    /// Time budget of polls; see [`LOOK_US`].
    credit_us: i64,
    looked_us: u32,
}

fn difference(a: u32, b: u32) -> i64 {
    i64::from(a.wrapping_sub(b).cast_signed())
}

impl DueClock {
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: i64::from(rate_hz.max(1)),
            seen: None,
            late_us: 0,
            credit_us: LOOKS_AT_ONCE * LOOK_US,
            looked_us: 0,
        }
    }

    /// The pause before the next poll of a live stream.
    pub fn pause(&mut self, look: Look) -> Duration {
        self.follow(look.arrival);
        let since_us = difference(look.now_us, look.arrival.at_us);
        let missing = difference(look.hop_end_host, look.arrival.end_host);
        let group = i64::from(look.group_host).max(1);
        let whole_groups = (missing + group - 1) / group * group;
        let until_us = if missing > 0 {
            self.micros(whole_groups) - self.late_us - since_us
        } else {
            // The hop is complete; its input is being pushed at this moment, or was lost.
            -since_us
        };
        let mut pause_us = if until_us > 0 {
            until_us + AFTER_US
        } else {
            let longest_us = if until_us < -1_000_000 {
                IDLE_US
            } else {
                LONGEST_US
            };
            (-until_us / OVERDUE_PART).clamp(SHORTEST_US, longest_us)
        };
        if look.ahead {
            pause_us = pause_us.min((since_us / 2).max(SHORTEST_US));
        }
        self.limited(look.now_us, pause_us.min(IDLE_US))
    }

    /// The pause before the next poll of an offline render.
    pub fn offline_pause(now_us: u32, arrival: Arrival) -> Duration {
        let since_us = difference(now_us, arrival.at_us);
        duration((since_us / OFFLINE_PART).clamp(OFFLINE_SHORTEST_US, IDLE_US))
    }

    fn micros(&self, samples: i64) -> i64 {
        samples * 1_000_000 / self.rate_hz
    }

    fn follow(&mut self, arrival: Arrival) {
        if self.seen == Some(arrival) {
            return;
        }
        self.late_us = match self.seen {
            Some(before) if difference(arrival.end_host, before.end_host) > 0 => {
                let expected_us = self.micros(difference(arrival.end_host, before.end_host)) - self.late_us;
                let late_us = difference(arrival.at_us, before.at_us) - expected_us;
                if (0..NEW_COUNT_US).contains(&late_us) {
                    late_us - late_us / LATE_PART
                } else {
                    0
                }
            }
            _ => 0,
        };
        self.seen = Some(arrival);
    }

    /// `pause_us`, or more if polls follow each other too fast.
    fn limited(&mut self, now_us: u32, pause_us: i64) -> Duration {
        let passed_us = difference(now_us, self.looked_us).max(0);
        self.looked_us = now_us;
        self.credit_us = (self.credit_us + passed_us).min(LOOKS_AT_ONCE * LOOK_US);
        let spent = self.credit_us < LOOK_US;
        self.credit_us = (self.credit_us - LOOK_US).max(-LOOK_US);
        duration(if spent { pause_us.max(LOOK_US) } else { pause_us })
    }
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 48_000;
    const HOP: u64 = 960;

    /// A host's blocks, as (time in us, length).
    type Blocks = Vec<(u64, u64)>;

    /// Plays all blocks to a worker that takes no time. Returns the delay of each hop in us
    /// (from the block that completes it to the poll that finds it), and the number of polls.
    fn delays(blocks: &Blocks, group: u32, ahead: bool) -> (Vec<u64>, usize) {
        let mut due = DueClock::new(RATE_HZ);
        let (mut now_us, mut next, mut end, mut newest_us) = (0_u64, 0, 0_u64, 0_u64);
        let (mut hop_end, mut delays, mut looks) = (HOP, Vec::new(), 0);
        let mut completed_us = std::collections::VecDeque::new();
        loop {
            while let Some(&(at_us, len)) = blocks.get(next).filter(|block| block.0 <= now_us) {
                for _ in end / HOP..(end + len) / HOP {
                    completed_us.push_back(at_us);
                }
                end += len;
                newest_us = at_us;
                next += 1;
            }
            if next == blocks.len() {
                return (delays, looks);
            }
            while let Some(at_us) = completed_us.pop_front() {
                delays.push(now_us - at_us);
                hop_end += HOP;
            }
            let low = |n: u64| u32::try_from(n).expect("short tests");
            let pause = due.pause(Look {
                now_us: low(now_us),
                arrival: Arrival {
                    at_us: low(newest_us),
                    end_host: low(end),
                },
                group_host: group,
                hop_end_host: low(hop_end),
                ahead,
            });
            looks += 1;
            now_us += u64::try_from(pause.as_micros()).expect("short pauses");
        }
    }

    /// Ten seconds of blocks of `len` samples; `jitter_us` by the number of the block.
    fn regular(len: u64, jitter_us: impl Fn(u64) -> u64) -> Blocks {
        let count = 10 * u64::from(RATE_HZ) / len;
        let mut newest_us = 0;
        let mut at = |n: u64| {
            // A late block delays those after it.
            newest_us = newest_us.max((n + 1) * len * 1_000_000 / u64::from(RATE_HZ) + jitter_us(n));
            newest_us
        };
        (0..count).map(|n| (at(n), len)).collect()
    }

    #[test]
    fn regular_blocks_of_any_length_are_found_at_once_with_one_look_a_hop() {
        for len in [16, 64, 128, 441, 480, 512, 960, 1_024, 2_048, 8_192] {
            let (delays, looks) = delays(&regular(len, |_| 0), u32::try_from(len).expect("small"), false);
            assert!(delays.len() > 480, "{len}: {} hops", delays.len());
            let worst = delays.iter().skip(3).max().expect("many hops");
            assert!(*worst <= 400, "{len}: {worst} us late");
            assert!(looks <= 800, "{len}: {looks} looks in 10 s");
        }
    }

    #[test]
    fn blocks_with_jitter_are_found_within_a_millisecond_with_fewer_than_200_looks_a_second() {
        // Mostly on time, one in five up to 2 ms late, one in fifty 6 ms late.
        let jitter = |n: u64| match n % 50 {
            7 => 6_000,
            m if m % 5 == 3 => 2_000 - 31 * m,
            m => 11 * m,
        };
        for len in [64, 480, 1_024] {
            let (delays, looks) = delays(&regular(len, jitter), u32::try_from(len).expect("small"), false);
            let worst = delays.iter().skip(3).max().expect("many hops");
            assert!(*worst <= 1_100, "{len}: {worst} us late");
            assert!(looks < 2_000, "{len}: {looks} looks in 10 s");
        }
    }

    #[test]
    fn a_clock_1000_ppm_off_in_either_direction_is_followed() {
        for slow_us_per_block in [10, -10_i64] {
            let blocks: Blocks = (1..1_000_i64)
                .map(|n| {
                    (
                        u64::try_from(n * (10_000 + slow_us_per_block)).expect("positive"),
                        480,
                    )
                })
                .collect();
            let (delays, looks) = delays(&blocks, 480, false);
            let worst = delays.iter().skip(3).max().expect("many hops");
            assert!(*worst <= 700, "{slow_us_per_block}: {worst} us late");
            assert!(looks < 1_500, "{slow_us_per_block}: {looks} looks in 10 s");
        }
    }

    #[test]
    fn irregular_blocks_take_fewer_than_200_looks_a_second() {
        let mut at = 0;
        let blocks: Blocks = (0..2_000_u64)
            .map(|n| {
                let len = 1 + n * 7_919 % 480;
                at += len * 1_000_000 / u64::from(RATE_HZ);
                (at, len)
            })
            .collect();
        let seconds = at as f64 / 1e6;
        let (delays, looks) = delays(&blocks, 1, false);
        assert!(looks as f64 / seconds < 200.0, "{looks} looks in {seconds} s");
        assert!(delays.iter().all(|&late| late <= 5_500));
    }

    #[test]
    fn a_host_that_has_stopped_takes_20_looks_a_second() {
        let mut blocks = regular(480, |_| 0);
        blocks.truncate(100);
        let played = delays(&blocks, 480, false).1;
        blocks.push((21_000_000, 480));
        let looks = delays(&blocks, 480, false).1 - played;
        // 20 seconds, the first of them with shorter pauses.
        assert!(looks <= 20 * 20 + 80, "{looks} looks in 20 s");
    }

    #[test]
    fn bursts_that_wait_for_the_worker_are_answered_soon() {
        let blocks: Blocks = (0..200_u64)
            .flat_map(|burst| (0..5).map(move |n| (50_000 * (burst + 1) + 800 * n, 480)))
            .collect();
        let (delays, looks) = delays(&blocks, 2_400, true);
        // A burst takes 3 ms; the host does not wait for another 5 ms.
        let worst = delays.iter().skip(3).max().expect("many hops");
        assert!(*worst <= 4_500, "{worst} us late");
        assert!(looks < 2_000, "{looks} looks in 10 s");
    }
}
