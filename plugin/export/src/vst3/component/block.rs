//! Processes one block through nice-plug.

use super::Component;
use crate::ExportedPlugin;
use crate::block::{Begins, Buffers};
use crate::vst3::host_buses::{self, channel, channels};
use crate::vst3::{output_values, process_mode, values_without_audio};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::kContTimeValid;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessorTrait, ProcessData,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};
use std::ptr::null_mut;

/// The host's continuous time (it never stops), in samples, at the start of a block.
///
/// # Safety
/// The block's context must be null or alive.
unsafe fn continuous_time(data: &ProcessData) -> Option<i64> {
    // SAFETY: the caller's promise.
    let context = unsafe { data.processContext.as_ref() }?;
    let is_valid = i64::from(context.state) & i64::from(kContTimeValid) != 0;
    is_valid.then_some(context.continousTimeSamples)
}

fn bus(channels: &mut [*mut f32; 2], count: u32) -> AudioBusBuffers {
    AudioBusBuffers {
        numChannels: int32::try_from(count).unwrap_or(0),
        silenceFlags: 0,
        __field0: AudioBusBuffers__type0 {
            channelBuffers32: channels.as_mut_ptr(),
        },
    }
}

impl<P: ExportedPlugin> Component<P> {
    /// Checks a host block, completes it and passes it to nice-plug. A block that cannot be
    /// processed is silent, and its parameter changes are still applied.
    ///
    /// # Real-time
    /// Yes, as far as nice-plug is.
    ///
    /// # Safety
    /// As `IAudioProcessor::process`, with null allowed for every pointer.
    pub(super) unsafe fn process_block(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: hosts pass null or valid data.
        let Some(given) = (unsafe { data.as_ref() }) else {
            return kInvalidArgument;
        };
        // SAFETY: passed on under the same contract.
        let answer = match unsafe { self.play(given) } {
            Ok(()) => kResultOk,
            Err(answer) => {
                let instance = &*self.instance;
                // SAFETY: the host's list is null or alive; its buses are as many as it says.
                unsafe {
                    if values_without_audio::take(&instance.parameters, given.inputParameterChanges) {
                        instance.pending.count_block();
                    }
                    host_buses::silence(given, host_buses::outputs(given));
                }
                answer
            }
        };
        // SAFETY: the host's own array.
        unsafe { host_buses::clear_silence_flags(given) };
        answer
    }

    /// Processes the block. `Err`: nice-plug did not process it; the result code for the host.
    ///
    /// # Safety
    /// As [`Self::process_block`].
    unsafe fn play(&self, given: &ProcessData) -> Result<(), tresult> {
        // Closed during activation and deactivation: silence is a valid result.
        let mut buffers = self.block.enter().ok_or(kResultOk)?;
        if !buffers.are_ready() && given.numSamples == 0 {
            return Err(kResultOk);
        }
        let len = self.block_check.check(given)?;
        if !buffers.are_ready() {
            return Err(kResultOk);
        }
        if !buffers.fit(len) {
            return Err(kInvalidArgument);
        }
        let instance = &*self.instance;
        process_mode::publish(&instance.shared, given.processMode);
        instance.pending.count_block();
        // SAFETY: the host's context is null or alive.
        let time = unsafe { continuous_time(given) };
        // A host without such a clock resets by stopping and starting, so a start after a long
        // run is a reset. A host that stops around its blocks runs shorter than the latency.
        // SAFETY: no arguments.
        let latency = u64::from(unsafe { instance.wrapper.getLatencySamples() });
        let samples = u32::try_from(len).unwrap_or(0);
        if samples > 0 {
            // Done here and not in the host's call, which may come on another thread while a
            // block runs: nice-plug has to lock the plugin for it.
            // SAFETY: a plain number.
            let start = || unsafe { _ = instance.wrapper.setProcessing(1) };
            match self.continuity.begin_block(time, samples, latency) {
                Begins::Nothing => {}
                Begins::Processing => start(),
                Begins::Stream => instance.shared.start_over(start),
            }
        }
        // SAFETY: passed on under the same contract; the block fits.
        unsafe { self.play_in(&mut buffers, given, len) }
    }

    /// # Safety
    /// As [`Self::process_block`]; the block must fit.
    unsafe fn play_in(&self, buffers: &mut Buffers, given: &ProcessData, len: usize) -> Result<(), tresult> {
        let instance = &*self.instance;
        // SAFETY: the host's arrays are null or as long as it says.
        let (ins, outs) = unsafe { (host_buses::inputs(given), host_buses::outputs(given)) };
        let (main, side, out) = (ins.first(), ins.get(1), outs.first());
        // SAFETY: the channels are as long as the block.
        unsafe { buffers.read(|n| channel(given, main, n), |n| channel(given, side, n), len) };
        let mut own = buffers.buses();
        let mut output = bus(&mut own.main, own.main_channels);
        // nice-plug reads as many buses as the layout has, whatever count it is given.
        let mut inputs = [output, bus(&mut own.side, own.side_channels)];
        let mut passed = *given;
        // A block without buses is treated by nice-plug as parameter changes only.
        (passed.inputs, passed.numInputs) = (inputs.as_mut_ptr(), 2);
        (passed.outputs, passed.numOutputs) = (&raw mut output, 1);
        passed.inputEvents = if P::READS_NOTES {
            // SAFETY: the host's list is null or alive during the call.
            unsafe { self.notes.of(given.inputEvents, len) }
        } else {
            null_mut()
        };
        instance.shared.begin_block();
        // SAFETY: the host's object is null or alive during the call.
        passed.inputParameterChanges = unsafe {
            self.lines.interpolated(
                given.inputParameterChanges,
                &instance.wrapper,
                &instance.parameters,
                &instance.shared.timeline,
            )
        };
        // SAFETY: this instance's own memory, and lists that are alive during the call.
        let answer = unsafe { IAudioProcessorTrait::process(&instance.wrapper, &raw mut passed) };
        let (published, ids) = (&instance.shared.outputs, instance.parameters.outputs());
        // SAFETY: the host's object is null or alive during the call.
        unsafe { output_values::send(published, ids, given.outputParameterChanges) };
        if answer != kResultOk {
            return Err(answer);
        }
        // SAFETY: as above. Further outputs first: they may use the first one's buffers.
        unsafe {
            host_buses::silence(given, outs.get(1..).unwrap_or_default());
            buffers.write(channels(out), |n| channel(given, out, n), len);
        }
        Ok(())
    }
}
