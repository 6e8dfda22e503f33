//! Plays whole recordings through an instance.

use super::{Instance, ParamEvent};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// A parameter change on the timeline of the recording.
#[derive(Clone, Debug)]
pub struct Automation {
    /// Sample of the recording.
    pub position: usize,
    /// Name of the parameter.
    pub name: &'static str,
    /// Part (0..1) of its range.
    pub part: f64,
}

/// How fast blocks follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Without pause: an offline render.
    Free,
    /// By the clock, as an audio driver calls.
    RealTime,
    /// So many times slower. A live stream does not notice: it does not depend on when blocks come, only
    /// on what the worker has done by then, and that is more.
    Slowed(u32),
    /// At the same mean pace, but this many blocks at once and then a pause, as hosts that render ahead call.
    Bursts(usize),
}

/// The clock of an audio driver: a block is due when its last sample has arrived. If
/// this machine stalls for longer than the driver's buffer lasts, the clock skips that
/// time instead of catching up, as a driver does.
pub struct Clock {
    started: Instant,
    rate_hz: f64,
}

impl Clock {
    /// The length of a driver's buffer.
    const BUFFER: Duration = Duration::from_millis(50);

    /// Starts the clock at position 0.
    #[must_use]
    pub fn start(rate_hz: f64) -> Self {
        Self {
            started: Instant::now(),
            rate_hz,
        }
    }

    /// Waits until the sample before `position` has arrived.
    pub fn wait_for(&mut self, position: usize) {
        let due = Duration::from_secs_f64(position as f64 / self.rate_hz);
        let passed = self.started.elapsed();
        if passed > due + Self::BUFFER {
            self.started += passed - due;
        }
        std::thread::sleep(due.saturating_sub(passed));
    }
}

/// Lengths of successive blocks in samples; repeated from the start at the end.
#[derive(Clone, Debug)]
pub struct Sizes(pub Vec<usize>);

impl Sizes {
    /// All blocks of one size.
    #[must_use]
    pub fn all(size: usize) -> Self {
        Self(vec![size])
    }

    /// `count` random lengths up to `max`, one in eight of them zero.
    #[must_use]
    pub fn random(seed: u64, max: usize, count: usize) -> Self {
        let mut random = crate::signal::Random::new(seed);
        let mut sizes: Vec<usize> = (0..count)
            .map(|_| match random.index(8) {
                0 => 0,
                1..=4 => 1 + random.index(max.min(200)),
                _ => 1 + random.index(max),
            })
            .collect();
        // At least one length above 0, or a pass would never end.
        sizes.push(max);
        Self(sizes)
    }

    /// The blocks `start..end` that make up `len` samples.
    pub fn ranges(&self, len: usize) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut start = 0;
        self.0.iter().cycle().map_while(move |&size| {
            (start < len).then(|| {
                let end = (start + size).min(len);
                let range = start..end;
                start = end;
                range
            })
        })
    }
}

impl Pace {
    /// Passes of a test that must not be interrupted by what else this machine does: in real time, then
    /// slower and slower, so that the last one succeeds beside any load.
    pub const LIVE_TRIES: [Self; 4] = [Self::RealTime, Self::Slowed(2), Self::Slowed(5), Self::Slowed(12)];

    /// How many times slower than the clock.
    #[must_use]
    pub fn slowness(self) -> f64 {
        match self {
            Self::Slowed(times) => f64::from(times),
            Self::Free | Self::RealTime | Self::Bursts(_) => 1.0,
        }
    }

    /// The clock of such a pass at `rate_hz`, from position 0 on.
    #[must_use]
    pub fn clock(self, rate_hz: f64) -> Clock {
        Clock::start(rate_hz / self.slowness())
    }

    /// True where the block with this index waits until it is due.
    #[must_use]
    pub fn waits(self, index: usize) -> bool {
        match self {
            Self::Free => false,
            Self::RealTime | Self::Slowed(_) => true,
            Self::Bursts(blocks) => index.is_multiple_of(blocks),
        }
    }
}

impl Instance {
    /// Plays `input` (one vector per channel) and returns the output, which has
    /// the same length and includes the latency.
    ///
    /// # Errors
    /// If the instance is not active or a parameter is unknown.
    pub fn play(
        &mut self,
        input: &[Vec<f32>],
        sizes: &Sizes,
        automation: &[Automation],
        pace: Pace,
        rate_hz: f64,
    ) -> Result<Vec<Vec<f32>>> {
        let len = input.first().map_or(0, Vec::len);
        ensure!(
            input.len() == self.channels(),
            "the input needs one vector per channel"
        );
        let mut events = Vec::new();
        for change in automation {
            let param = self.param(change.name)?;
            events.push((change.position, param.id, param.at(change.part)));
        }
        ensure!(
            events.is_sorted_by_key(|event| event.0),
            "the automation is not in order of time"
        );
        let mut source = input.to_vec();
        let mut sink = vec![vec![0.0; len]; input.len()];
        let mut clock = pace.clock(rate_hz);
        let mut next_event = 0;
        for (index, range) in sizes.ranges(len).enumerate() {
            let mut block = Vec::new();
            while let Some(&(position, id, value)) = events.get(next_event) {
                if position >= range.end {
                    break;
                }
                let offset = (position - range.start) as u32;
                block.push(ParamEvent { offset, id, value });
                next_event += 1;
            }
            if pace.waits(index) {
                clock.wait_for(range.end);
            }
            let mut from: Vec<&mut [f32]> = source
                .iter_mut()
                .map(|channel| &mut channel[range.clone()])
                .collect();
            let mut to: Vec<&mut [f32]> = sink
                .iter_mut()
                .map(|channel| &mut channel[range.clone()])
                .collect();
            self.process(&mut from, &mut to, &block)?;
        }
        Ok(sink)
    }
}
