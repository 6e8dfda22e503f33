//! The newest half minute of input, for whoever wants to make something of it.
//!
//! Thread: worker.

use crate::units::ENCODER_RATE;

/// Seconds that are remembered.
pub const RECENT_S: usize = 30;
/// Silence that stands for a break: as much as an encoder needs to begin afresh.
const BREAK_16K: usize = ENCODER_RATE.0 as usize / 2;

/// The newest [`RECENT_S`] seconds at 16 kHz, sample for sample as the encoder saw
/// them. Outlives resets and activations: who has just stopped the transport may
/// still want what was sung.
#[derive(Default)]
pub struct Recent {
    ring: Vec<f32>,
    /// Where the next sample goes.
    next: usize,
    filled: usize,
    /// True right after a break, so that a second one adds nothing.
    broken: bool,
}

impl Recent {
    /// Makes room, once.
    pub fn prepare(&mut self) {
        if self.ring.is_empty() {
            self.ring = vec![0.0; RECENT_S * ENCODER_RATE.0 as usize];
        }
    }

    /// Appends what was heard.
    pub fn push(&mut self, samples_16k: &[f32]) {
        self.append(samples_16k);
        self.broken = false;
    }

    /// What comes next does not follow what came before: half a second of silence
    /// stands between them.
    pub fn mark_break(&mut self) {
        if self.filled > 0 && !self.broken {
            self.append(&[0.0; BREAK_16K]);
            self.broken = true;
        }
    }

    /// All that is remembered, the oldest first.
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
    fn exactly_the_newest_half_minute_is_kept_in_pieces_of_any_size() {
        let mut recent = Recent::default();
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
    fn a_break_is_half_a_second_of_silence_once() {
        let mut recent = Recent::default();
        recent.prepare();
        recent.mark_break();
        assert!(recent.to_vec().is_empty());
        recent.push(&count(1, 101));
        recent.mark_break();
        recent.mark_break();
        recent.push(&count(101, 201));
        let heard = recent.to_vec();
        assert_eq!(heard[..100], count(1, 101));
        assert_eq!(heard[100..8100], [0.0; 8000]);
        assert_eq!(heard[8100..], count(101, 201));
    }

    #[test]
    fn without_room_nothing_is_remembered() {
        let mut recent = Recent::default();
        recent.push(&[1.0]);
        assert!(recent.to_vec().is_empty());
    }
}
