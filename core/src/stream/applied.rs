//! What was done to each embedding frame, told where the frame is heard.

use std::collections::VecDeque;

/// One embedding frame, as it was blended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameBlend {
    /// Its number: it stands for 20 ms of input from `20 ms * frame` on.
    pub frame: i64,
    /// The ratio that was applied to it, everything included, 0..=1.
    pub ratio: f32,
    /// How far its neighbours could be relied on, 0..=1.
    pub confidence: f32,
}

/// Frames that one hop can tell of: as many as the longest has.
pub const APPLIED_FRAMES_MAX: usize = 12;

/// The newest frames of a hop, in order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AppliedHop {
    frames: [FrameBlend; APPLIED_FRAMES_MAX],
    len: usize,
}

impl AppliedHop {
    /// Appends a frame; where there are too many, the oldest goes.
    pub fn push(&mut self, frame: FrameBlend) {
        if self.len == APPLIED_FRAMES_MAX {
            self.frames.rotate_left(1);
            self.len -= 1;
        }
        self.frames[self.len] = frame;
        self.len += 1;
    }

    /// The frames.
    #[must_use]
    pub fn frames(&self) -> &[FrameBlend] {
        &self.frames[..self.len]
    }
}

/// Frames on their way to the moment at which they are heard.
///
/// # Real-time
/// Never allocates after it was made.
pub(super) struct AppliedFrameQueue {
    waiting: VecDeque<FrameBlend>,
    newest: i64,
    frame_host: u64,
    middle_host: u64,
}

/// More than are ever under way: a few longest hops.
const WAITING: usize = 4 * APPLIED_FRAMES_MAX;

impl AppliedFrameQueue {
    /// For frames of `frame_host` samples whose middles lie `middle_host`
    /// samples after their beginnings.
    pub fn new(frame_host: usize, middle_host: usize) -> Self {
        Self {
            waiting: VecDeque::with_capacity(WAITING),
            newest: -1,
            frame_host: frame_host as u64,
            middle_host: middle_host as u64,
        }
    }

    /// As new.
    pub fn reset(&mut self) {
        self.waiting.clear();
        self.newest = -1;
    }

    /// Takes what a hop tells; of frames that were told before, the first word
    /// counts, as it is what is heard.
    pub fn accept(&mut self, told: &AppliedHop) {
        for &frame in told.frames() {
            if frame.frame > self.newest && self.waiting.len() < WAITING {
                self.newest = frame.frame;
                self.waiting.push_back(frame);
            }
        }
    }

    /// The next frame whose middle lies before an input position, with that
    /// middle.
    pub fn next_before(&mut self, position_host: u64) -> Option<(u64, FrameBlend)> {
        let frame = *self.waiting.front()?;
        let number = u64::try_from(frame.frame).unwrap_or(0);
        let middle = number * self.frame_host + self.middle_host;
        if middle >= position_host {
            return None;
        }
        self.waiting.pop_front();
        Some((middle, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(frames: std::ops::Range<i64>) -> AppliedHop {
        let mut told = AppliedHop::default();
        for frame in frames {
            told.push(FrameBlend {
                frame,
                ratio: frame as f32 / 100.0,
                confidence: 1.0,
            });
        }
        told
    }

    #[test]
    fn every_frame_is_told_once_and_not_before_its_middle() {
        let mut queue = AppliedFrameQueue::new(960, 240);
        // After a gap a voice makes frames anew; more than fit are its newest.
        for told in [hop(-3..2), hop(1..4), hop(0..20)] {
            queue.accept(&told);
        }
        let mut seen = Vec::new();
        for position in 0..20_000 {
            while let Some((middle, frame)) = queue.next_before(position) {
                assert_eq!(middle + 1, position);
                assert_eq!(middle, frame.frame.unsigned_abs() * 960 + 240);
                seen.push(frame.frame);
            }
        }
        assert_eq!(seen, [0, 1, 2, 3].into_iter().chain(8..20).collect::<Vec<i64>>());
        queue.reset();
        queue.accept(&hop(0..1));
        assert_eq!(queue.next_before(u64::MAX).map(|told| told.0), Some(240));
    }
}
