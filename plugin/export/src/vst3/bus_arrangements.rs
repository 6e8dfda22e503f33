//! Gap of nice-plug 0.4.2: it accepts only layouts that the plugin lists, and in VST3 the
//! number of buses cannot change. Hosts switch a side chain off by giving it no channels,
//! give it one or two channels whatever the track has, and propose surround; a host whose
//! proposal is rejected may play the speaker's own voice, or nothing.
//!
//! So every arrangement is accepted whose main bus is mono in and out, or has
//! two or more channels in and out. nice-plug gets mono or stereo, with a side chain
//! like the main bus; of the host's channels the first ones are used
//! (`block/buffers.rs`).
//!
//! To delete once nice-plug accepts any number of channels: this file, and its calls in
//! `component/`.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::BusDirections_::{kInput, kOutput};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, IAudioProcessorTrait, SpeakerArrangement,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kResultFalse, kResultOk, tresult};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const MONO: SpeakerArrangement = 1 << 19;
const STEREO: SpeakerArrangement = 0b11;

/// Means that the host has set nothing: all existing speakers, which no host requests.
const NOT_SET: SpeakerArrangement = SpeakerArrangement::MAX;

/// The arrangements that a host has set for the buses of one instance.
pub(super) struct BusArrangements {
    input: AtomicU64,
    side: AtomicU64,
    output: AtomicU64,
}

impl Default for BusArrangements {
    fn default() -> Self {
        Self {
            input: AtomicU64::new(NOT_SET),
            side: AtomicU64::new(NOT_SET),
            output: AtomicU64::new(NOT_SET),
        }
    }
}

impl BusArrangements {
    /// Accepts or rejects the host's proposal, and sets nice-plug to a layout that it supports.
    ///
    /// # Safety
    /// As `IAudioProcessor::setBusArrangements`, with null allowed.
    pub unsafe fn set(
        &self,
        processor: &impl IAudioProcessorTrait,
        inputs: *const SpeakerArrangement,
        num_ins: int32,
        outputs: *const SpeakerArrangement,
        num_outs: int32,
    ) -> tresult {
        if inputs.is_null() || outputs.is_null() || !(1..=2).contains(&num_ins) || num_outs != 1 {
            return kResultFalse;
        }
        // SAFETY: not null, and as many as the host says.
        let (input, output) = unsafe { (*inputs, *outputs) };
        // SAFETY: as above.
        let side = (num_ins == 2).then(|| unsafe { *inputs.add(1) });
        let told = match (input.count_ones(), output.count_ones()) {
            (1, 1) => MONO,
            (2.., 2..) => STEREO,
            _ => return kResultFalse,
        };
        let (mut ins, mut outs) = ([told; 2], [told; 1]);
        // SAFETY: arrays of this function, with the given lengths.
        let answer =
            unsafe { processor.setBusArrangements(ins.as_mut_ptr(), num_ins, outs.as_mut_ptr(), num_outs) };
        if answer == kResultOk {
            self.input.store(input, Relaxed);
            self.side.store(side.unwrap_or(NOT_SET), Relaxed);
            self.output.store(output, Relaxed);
        }
        answer
    }

    /// The arrangement that the host has set for a bus, if any.
    #[must_use]
    pub fn of(&self, direction: BusDirection, index: int32) -> Option<SpeakerArrangement> {
        let direction = i64::from(direction);
        let bus = match index {
            0 if direction == i64::from(kInput) => &self.input,
            1 if direction == i64::from(kInput) => &self.side,
            0 if direction == i64::from(kOutput) => &self.output,
            _ => return None,
        };
        Some(bus.load(Relaxed)).filter(|&arrangement| arrangement != NOT_SET)
    }
}
