//! The newest half minute of input, kept so that it can be added to an index.
//!
//! Thread: worker.

use crate::units::ENCODER_RATE;

/// Seconds that are kept.
pub const RECENT_S: usize = 30;
/// Silence inserted at a break: longer than an encoder's field, so that the parts do not mix.
const BREAK_16K: usize = ENCODER_RATE.0 as usize / 2;

/// The newest [`RECENT_S`] seconds at 16 kHz, the same samples that the encoder got.
/// Kept across resets and activations, so that a take can be added after the transport
/// has stopped.
#[derive(Default)]
pub struct RecentInput {
    ring: Vec<f32>,
    /// Where the next sample goes.
    next: usize,
    filled: usize,
    /// True right after a break, so that a second one adds nothing.
    after_break: bool,
}

impl RecentInput {
    /// Allocates the ring, once.
    pub fn prepare(&mut self) {
        if self.ring.is_empty() {
            self.ring = vec![0.0; RECENT_S * ENCODER_RATE.0 as usize];
        }
    }

    /// Appends input samples.
    pub fn push(&mut self, samples_16k: &[f32]) {
        self.append(samples_16k);
        self.after_break = false;
    }

    /// Inserts half a second of silence, because the next input does not follow the
    /// last.
    pub fn mark_break(&mut self) {
        if self.filled > 0 && !self.after_break {
            self.append(&[0.0; BREAK_16K]);
            self.after_break = true;
        }
    }

    /// All samples kept, oldest first.
    #[must_use]
    pub fn to_vec(&self) -> Vec<f32> {
        let (newer, older) = self.ring.split_at(self.next);
        let whole = [older, newer].concat();
        whole[whole.len() - self.filled..].to_vec()
    }

    fn append(&mut self, samples: &[f32]) {
        let len = self.ring.len();
        let mut rest = &samples[samples.len().saturating_sub(len)..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(len - self.next));
            self.ring[self.next..self.next + now.len()].copy_from_slice(now);
            self.next = (self.next + now.len()) % len;
            self.filled = (self.filled + now.len()).min(len);
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: usize = RECENT_S * 16_000;

    fn count(from: usize, to: usize) -> Vec<f32> {
        (from..to).map(|n| n as f32).collect()
    }

    #[test]
    fn pushes_of_any_size_keep_exactly_the_newest_30_s() {
        let mut recent = RecentInput::default();
        recent.prepare();
        assert!(recent.to_vec().is_empty());
        let (mut sent, mut step) = (0, 1);
        while sent < 3 * ALL / 2 {
            recent.push(&count(sent, sent + step));
            sent += step;
            step = step * 7 % 5003 + 1;
            if sent < 1000 {
                assert_eq!(recent.to_vec(), count(0, sent));
            }
        }
        assert_eq!(recent.to_vec(), count(sent - ALL, sent));
        recent.push(&count(0, 2 * ALL));
        assert_eq!(recent.to_vec(), count(ALL, 2 * ALL));
    }

    #[test]
    fn repeated_breaks_insert_half_a_second_of_silence_once() {
        let mut recent = RecentInput::default();
        recent.prepare();
        recent.mark_break();
        assert!(recent.to_vec().is_empty());
        recent.push(&count(1, 101));
        recent.mark_break();
        recent.mark_break();
        recent.push(&count(101, 201));
        let kept = recent.to_vec();
        assert_eq!(kept[..100], count(1, 101));
        assert_eq!(kept[100..8100], [0.0; 8000]);
        assert_eq!(kept[8100..], count(101, 201));
    }

    #[test]
    fn push_before_prepare_keeps_nothing() {
        let mut recent = RecentInput::default();
        recent.push(&[1.0]);
        assert!(recent.to_vec().is_empty());
    }
}
