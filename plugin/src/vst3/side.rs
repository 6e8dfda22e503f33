//! The side chain's bus, whatever channels the host gives it.
//!
//! nice-plug knows layouts in which it has the main bus's channels. A host may
//! switch it off (no channels), or give it one channel or two beside any track:
//! its level is what counts, the louder channel's at every sample. Missing
//! channels are silence to nice-plug; two beside a mono track are made one here.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, SpeakerArrangement,
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The arrangement of a bus without channels.
pub const NO_SPEAKERS: SpeakerArrangement = 0;

/// A bus that is not there.
pub const NO_BUS: AudioBusBuffers = AudioBusBuffers {
    numChannels: 0,
    silenceFlags: 0,
    __field0: AudioBusBuffers__type0 {
        channelBuffers32: std::ptr::null_mut(),
    },
};

/// What the host wants, if it said so.
pub struct SideChain(AtomicU64);

/// All speakers there are: no host asks for that.
const NOT_SAID: SpeakerArrangement = SpeakerArrangement::MAX;

impl Default for SideChain {
    fn default() -> Self {
        Self(AtomicU64::new(NOT_SAID))
    }
}

impl SideChain {
    /// Whether a bus of this arrangement can be served.
    #[must_use]
    pub fn can_be(arrangement: SpeakerArrangement) -> bool {
        arrangement.count_ones() <= 2
    }

    /// The host wants it like this; `None`: as the main bus.
    pub fn set(&self, arrangement: Option<SpeakerArrangement>) {
        self.0.store(arrangement.unwrap_or(NOT_SAID), Relaxed);
    }

    /// What the host wants, if it said so.
    #[must_use]
    pub fn get(&self) -> Option<SpeakerArrangement> {
        Some(self.0.load(Relaxed)).filter(|&arrangement| arrangement != NOT_SAID)
    }
}

/// Writes the louder of two channels to `out`, sample by sample.
pub fn louder(left: &[f32], right: &[f32], out: &mut [f32]) {
    for ((&left, &right), out) in left.iter().zip(right).zip(out) {
        // What is no number is nobody's level.
        *out = if right.abs() > left.abs() || left.is_nan() {
            right
        } else {
            left
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_louder_channel_counts_at_every_sample() {
        let mut out = [9.0; 4];
        louder(&[0.5, -0.2, f32::NAN, 0.0], &[-0.4, 0.3, 0.1, f32::NAN], &mut out);
        assert_eq!(out, [0.5, 0.3, 0.1, 0.0]);
    }

    #[test]
    fn one_channel_two_and_none_can_be_served() {
        assert!([0, 1, 0b11, 1 << 19].into_iter().all(SideChain::can_be));
        assert!(!SideChain::can_be(0b11_1111));
        let side = SideChain::default();
        assert_eq!(side.get(), None);
        side.set(Some(NO_SPEAKERS));
        assert_eq!(side.get(), Some(NO_SPEAKERS));
        side.set(None);
        assert_eq!(side.get(), None);
    }
}
