//! A block on its way through nice-plug: what it must not see is taken out, what
//! it does not know of is put in.

use super::component::Component;
use super::side::{NO_BUS, louder};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{AudioBusBuffers, IAudioProcessorTrait, ProcessData};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kNotInitialized, tresult};
use std::sync::atomic::Ordering;

impl Component {
    /// One block of the host's.
    ///
    /// # Real-time
    /// Yes, as far as nice-plug is.
    ///
    /// # Safety
    /// As `IAudioProcessor::process`.
    pub(super) unsafe fn process_block(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: hosts pass null or valid data.
        let Some(host_data) = (unsafe { data.as_ref() }) else {
            return kInvalidArgument;
        };
        let max_block = self.instance.max_block.load(Ordering::Relaxed);
        if max_block == 0 {
            return kNotInitialized;
        }
        // Each of these would be a panic or wild reads further in.
        let fits = u32::try_from(host_data.numSamples).is_ok_and(|samples| samples <= max_block);
        if !fits || i64::from(host_data.symbolicSampleSize) != i64::from(kSample32) {
            return kInvalidArgument;
        }
        self.instance.link.set_mode(host_data.processMode);
        self.instance.count_block();
        let mut checked = *host_data;
        // SAFETY: the host's bus arrays are as long as it says.
        unsafe {
            if lacks_buffers(checked.inputs, checked.numInputs) {
                checked.numInputs = 0;
                checked.inputs = std::ptr::null_mut();
            }
            if lacks_buffers(checked.outputs, checked.numOutputs) {
                checked.numOutputs = 0;
                checked.outputs = std::ptr::null_mut();
            }
        }
        // nice-plug reads as many inputs as the layout has, whatever the host says.
        let mut inputs = [NO_BUS; 2];
        let mut mono = [std::ptr::null_mut(); 1];
        if checked.numInputs > 0 && !checked.inputs.is_null() {
            let count = usize::try_from(checked.numInputs).unwrap_or(0).min(inputs.len());
            // SAFETY: the host's array is as long as it says.
            let given = unsafe { std::slice::from_raw_parts(checked.inputs, count) };
            inputs[..count].copy_from_slice(given);
            // SAFETY: as above; channel pointers are as many as the bus says.
            if unsafe { lacks_channels(&inputs[1]) } {
                inputs[1] = NO_BUS;
            }
            let len = usize::try_from(checked.numSamples).unwrap_or(0);
            // SAFETY: the side chain's channels were looked at, the main bus's are the host's word.
            unsafe { self.fit_side(&mut inputs, len, &mut mono) };
            checked.inputs = inputs.as_mut_ptr();
            checked.numInputs = 2;
        }
        let timeline = &self.instance.timeline;
        timeline.begin_block();
        // SAFETY: the host's object is null or alive during the call.
        checked.inputParameterChanges = unsafe {
            self.lines
                .drawn(checked.inputParameterChanges, &self.instance, timeline)
        };
        // SAFETY: a copy of the host's data, alive during the call.
        let answer = unsafe { IAudioProcessorTrait::process(&self.instance.wrapper, &raw mut checked) };
        // SAFETY: the host's object is null or alive during the call.
        unsafe { self.instance.tell_outputs(checked.outputParameterChanges) };
        answer
    }

    /// Makes two channels of a side chain one where the track has one: nice-plug
    /// reads as many of them as the track has.
    ///
    /// # Real-time
    /// Arithmetic; the memory is there since `setupProcessing`.
    ///
    /// # Safety
    /// Both buses must hold as many channels of `len` samples as they say, and
    /// `mono` must outlive the use of what is written to the side's bus.
    unsafe fn fit_side(&self, buses: &mut [AudioBusBuffers; 2], len: usize, mono: &mut [*mut f32; 1]) {
        let [main, side] = buses;
        if main.numChannels != 1 || side.numChannels != 2 {
            return;
        }
        let Ok(mut made) = self.side_mono.try_borrow_mut() else {
            return;
        };
        let Some(made) = made.get_mut(..len) else { return };
        // SAFETY: two channels, by the caller's promise.
        let channels = unsafe { std::slice::from_raw_parts(side.__field0.channelBuffers32, 2) };
        // SAFETY: as long as the block, by the caller's promise.
        let [left, right] =
            [channels[0], channels[1]].map(|channel| unsafe { std::slice::from_raw_parts(channel, len) });
        louder(left, right, made);
        mono[0] = made.as_mut_ptr();
        side.numChannels = 1;
        side.__field0.channelBuffers32 = mono.as_mut_ptr();
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

/// Whether the main bus comes without channel pointers, as some hosts do for a
/// bus that is switched off.
///
/// # Safety
/// `buses` must be null or hold `count` buses.
unsafe fn lacks_buffers(buses: *mut AudioBusBuffers, count: int32) -> bool {
    if buses.is_null() || count < 1 {
        return false;
    }
    // SAFETY: not null and at least one long; both union members are one pointer.
    unsafe { (*buses).numChannels < 1 || (*buses).__field0.channelBuffers32.is_null() }
}
