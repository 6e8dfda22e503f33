//! Gap of nice-plug 0.4.2: it takes only the side chain of a layout that the plugin
//! lists beside the same main bus, and in VST3 the number of buses cannot change.
//! Hosts switch a side chain off by giving it no channels, and give it one channel
//! or two beside any track.
//!
//! So nice-plug is told of a side chain like the main bus. In a block missing
//! channels are silence to nice-plug, and two channels beside a mono track are made
//! one: the louder of both at every sample, because a side chain's level is what
//! counts.
//!
//! To delete once nice-plug takes any number of channels for an auxiliary bus: this
//! file, and its calls in `component/`.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::BusDirections_::kInput;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, BusDirection, ProcessData, SpeakerArrangement,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The arrangement of a bus without channels.
pub(super) const NO_SPEAKERS: SpeakerArrangement = 0;

/// A bus that is not there.
const NO_BUS: AudioBusBuffers = AudioBusBuffers {
    numChannels: 0,
    silenceFlags: 0,
    __field0: AudioBusBuffers__type0 {
        channelBuffers32: std::ptr::null_mut(),
    },
};

/// Stands for "the host has not said": all speakers there are, which no host asks for.
const NOT_SAID: SpeakerArrangement = SpeakerArrangement::MAX;

/// The second input bus of one instance.
pub(super) struct SideChain {
    arrangement: AtomicU64,
    /// Two channels made one, up to the largest block; for the thread that processes.
    mono: RefCell<Vec<f32>>,
}

impl Default for SideChain {
    fn default() -> Self {
        Self {
            arrangement: AtomicU64::new(NOT_SAID),
            mono: RefCell::default(),
        }
    }
}

/// The input buses of a block as nice-plug needs them.
///
/// # Real-time
/// Lives on the stack of one `process` call.
pub(super) struct Inputs {
    buses: [AudioBusBuffers; 2],
    mono: [*mut f32; 1],
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            buses: [NO_BUS; 2],
            mono: [std::ptr::null_mut()],
        }
    }
}

impl SideChain {
    /// Whether a bus of this arrangement can be used: silence, mono or two channels.
    #[must_use]
    pub fn is_supported(arrangement: SpeakerArrangement) -> bool {
        arrangement.count_ones() <= 2
    }

    /// Sets what the host wants; `None`: the same as the main bus.
    pub fn set(&self, arrangement: Option<SpeakerArrangement>) {
        self.arrangement.store(arrangement.unwrap_or(NOT_SAID), Relaxed);
    }

    /// What the host wants this bus to be, if it is the side chain's and the host
    /// has said so.
    #[must_use]
    pub fn arrangement_of(&self, direction: BusDirection, index: int32) -> Option<SpeakerArrangement> {
        let is_side_chain = i64::from(direction) == i64::from(kInput) && index == 1;
        Some(self.arrangement.load(Relaxed)).filter(|&arrangement| is_side_chain && arrangement != NOT_SAID)
    }

    /// Makes room for blocks of up to this many samples.
    pub fn resize(&self, max_samples: int32) {
        if let Ok(mut mono) = self.mono.try_borrow_mut() {
            mono.resize(usize::try_from(max_samples).unwrap_or(0), 0.0);
        }
    }

    /// Replaces a block's input buses: nice-plug reads as many as the layout has,
    /// whatever the host says.
    ///
    /// # Real-time
    /// Arithmetic; the memory is there since [`Self::resize`].
    ///
    /// # Safety
    /// The buses must be as many as `data` says, each with as many channels of
    /// `numSamples` as it says. `inputs` must outlive the use of `data`.
    pub unsafe fn fit(&self, data: &mut ProcessData, inputs: &mut Inputs) {
        if data.numInputs <= 0 || data.inputs.is_null() {
            return;
        }
        let count = usize::try_from(data.numInputs)
            .unwrap_or(0)
            .min(inputs.buses.len());
        // SAFETY: the caller's promise.
        let given = unsafe { std::slice::from_raw_parts(data.inputs, count) };
        inputs.buses[..count].copy_from_slice(given);
        // SAFETY: the caller's promise.
        if unsafe { lacks_channels(&inputs.buses[1]) } {
            inputs.buses[1] = NO_BUS;
        }
        // SAFETY: the side chain's channels were checked, the main bus's are promised.
        unsafe { self.mix_to_mono(inputs, usize::try_from(data.numSamples).unwrap_or(0)) };
        data.inputs = inputs.buses.as_mut_ptr();
        data.numInputs = 2;
    }

    /// Makes two channels beside a mono track one: nice-plug reads as many channels
    /// of the side chain as the track has.
    ///
    /// # Safety
    /// Both buses must hold as many channels of `len` samples as they say.
    unsafe fn mix_to_mono(&self, inputs: &mut Inputs, len: usize) {
        let [main, side] = &mut inputs.buses;
        if main.numChannels != 1 || side.numChannels != 2 {
            return;
        }
        let Ok(mut mono) = self.mono.try_borrow_mut() else {
            return;
        };
        let Some(mono) = mono.get_mut(..len) else { return };
        // SAFETY: two channels, by the caller's promise.
        let channels = unsafe { std::slice::from_raw_parts(side.__field0.channelBuffers32, 2) };
        // SAFETY: as long as the block, by the caller's promise.
        let [left, right] =
            [channels[0], channels[1]].map(|channel| unsafe { std::slice::from_raw_parts(channel, len) });
        louder(left, right, mono);
        inputs.mono[0] = mono.as_mut_ptr();
        side.numChannels = 1;
        side.__field0.channelBuffers32 = inputs.mono.as_mut_ptr();
    }
}

/// Whether a bus comes without all of its channels.
///
/// # Safety
/// The bus's pointer must be null or hold as many channels as it says.
unsafe fn lacks_channels(bus: &AudioBusBuffers) -> bool {
    let count = usize::try_from(bus.numChannels).unwrap_or(0);
    // SAFETY: both union members are one pointer.
    let channels = unsafe { bus.__field0.channelBuffers32 };
    // SAFETY: not null, and as long as the bus says.
    count == 0
        || channels.is_null()
        || unsafe { std::slice::from_raw_parts(channels, count) }
            .iter()
            .any(|channel| channel.is_null())
}

/// Writes the louder of two channels to `out`, sample by sample.
fn louder(left: &[f32], right: &[f32], out: &mut [f32]) {
    for ((&left, &right), out) in left.iter().zip(right).zip(out) {
        // A NaN has no level.
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
    fn louder_takes_the_larger_magnitude_of_each_sample_and_skips_nan() {
        let mut out = [9.0; 4];
        louder(&[0.5, -0.2, f32::NAN, 0.0], &[-0.4, 0.3, 0.1, f32::NAN], &mut out);
        assert_eq!(out, [0.5, 0.3, 0.1, 0.0]);
    }

    #[test]
    fn no_channels_one_and_two_are_supported_and_six_are_not() {
        assert!([0, 1, 0b11, 1 << 19].into_iter().all(SideChain::is_supported));
        assert!(!SideChain::is_supported(0b11_1111));
    }

    #[test]
    fn arrangement_is_none_until_the_host_says_one_and_only_of_the_second_input() {
        let input = BusDirection::try_from(i64::from(kInput)).expect("a small constant");
        let side = SideChain::default();
        assert_eq!(side.arrangement_of(input, 1), None);
        side.set(Some(NO_SPEAKERS));
        assert_eq!(side.arrangement_of(input, 1), Some(NO_SPEAKERS));
        assert_eq!(side.arrangement_of(input, 0), None);
        side.set(None);
        assert_eq!(side.arrangement_of(input, 1), None);
    }
}
