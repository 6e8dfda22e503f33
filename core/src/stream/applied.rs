//! The blend applied to each embedding frame, published at the sample where the frame
//! is played.

use std::collections::VecDeque;

/// How one embedding frame was blended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameBlend {
    /// Its number: it covers 20 ms of input from `20 ms * frame` on.
    pub frame: i64,
    /// The ratio that was applied to it, everything included, 0..=1.
    pub ratio: f32,
    /// Confidence in its neighbours, 0..=1.
    pub confidence: f32,
}

/// Most frames reported per hop: as many as the longest hop has.
pub const APPLIED_FRAMES_MAX: usize = 12;

/// The newest frames of a hop, in order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AppliedHop {
    frames: [FrameBlend; APPLIED_FRAMES_MAX],
    len: usize,
}

impl AppliedHop {
    /// Appends a frame; when full, the oldest is dropped.
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

/// Frames that are not played yet.
///
/// # Real-time
/// Never allocates after it was made.
pub(super) struct AppliedFrameQueue {
    queue: VecDeque<FrameBlend>,
    newest: i64,
    frame_host: u64,
    middle_host: u64,
}

/// More than are ever queued: a few of the longest hops.
const CAPACITY: usize = 4 * APPLIED_FRAMES_MAX;

impl AppliedFrameQueue {
    /// For frames of `frame_host` samples whose middles lie `middle_host`
    /// samples after their beginnings.
    pub fn new(frame_host: usize, middle_host: usize) -> Self {
        Self {
            queue: VecDeque::with_capacity(CAPACITY),
            newest: -1,
            frame_host: frame_host as u64,
            middle_host: middle_host as u64,
        }
    }

    /// As new.
    pub fn reset(&mut self) {
        self.queue.clear();
        self.newest = -1;
    }

    /// Queues the frames of a hop. A frame that was queued before is ignored: the first
    /// version is the one that is played.
    pub fn accept(&mut self, hop: &AppliedHop) {
        for &frame in hop.frames() {
            if frame.frame > self.newest && self.queue.len() < CAPACITY {
                self.newest = frame.frame;
                self.queue.push_back(frame);
            }
        }
    }

    /// Removes the next frame whose middle lies before an input position; the middle
    /// and the frame.
    pub fn next_before(&mut self, position_host: u64) -> Option<(u64, FrameBlend)> {
        let frame = *self.queue.front()?;
        let number = u64::try_from(frame.frame).unwrap_or(0);
        let middle = number * self.frame_host + self.middle_host;
        if middle >= position_host {
            return None;
        }
        self.queue.pop_front();
        Some((middle, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(frames: std::ops::Range<i64>) -> AppliedHop {
        let mut applied = AppliedHop::default();
        for frame in frames {
            applied.push(FrameBlend {
                frame,
                ratio: frame as f32 / 100.0,
                confidence: 1.0,
            });
        }
        applied
    }

    #[test]
    fn overlapping_hops_publish_each_frame_once_after_its_middle() {
        let mut queue = AppliedFrameQueue::new(960, 240);
        // After a gap frames are made again; of more than fit the newest are kept.
        for applied in [hop(-3..2), hop(1..4), hop(0..20)] {
            queue.accept(&applied);
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
        assert_eq!(queue.next_before(u64::MAX).map(|frame| frame.0), Some(240));
    }
}
