//! `IComponent` and `IAudioProcessor`.

use super::Component;
use crate::ExportedPlugin;
use crate::block::Buffers;
use crate::vst3::process_mode;
use nice_plug::nice_error;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::BusDirections_::kOutput;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::MediaTypes_::kAudio;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::RestartFlags_::{kLatencyChanged, kParamValuesChanged};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusInfo, IAudioProcessorTrait, IComponentTrait, IoMode, MediaType, ProcessData,
    ProcessSetup, RoutingInfo, SpeakerArrangement,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    IBStream, TBool, TUID, int32, kInvalidArgument, kResultFalse, kResultOk, tresult, uint32,
};

impl<P: ExportedPlugin> IComponentTrait for Component<P> {
    forward! { IComponentTrait:
        fn getControllerClassId(class: *mut TUID) -> tresult;
        fn setIoMode(mode: IoMode) -> tresult;
        fn getBusCount(media: MediaType, direction: BusDirection) -> int32;
        fn getRoutingInfo(input: *mut RoutingInfo, output: *mut RoutingInfo) -> tresult;
        fn activateBus(media: MediaType, direction: BusDirection, index: int32, state: TBool) -> tresult;
    }

    unsafe fn getBusInfo(
        &self,
        media: MediaType,
        direction: BusDirection,
        index: int32,
        info: *mut BusInfo,
    ) -> tresult {
        // SAFETY: passed on under the same contract.
        let answer =
            unsafe { IComponentTrait::getBusInfo(&self.instance.wrapper, media, direction, index, info) };
        let is_audio = i64::from(media) == i64::from(kAudio);
        // SAFETY: the host passes null or its own object.
        if let Some(info) = unsafe { info.as_mut() }
            && is_audio
            && let Some(bus) = self.arrangements.of(direction, index)
        {
            info.channelCount = int32::try_from(bus.count_ones()).unwrap_or(0);
        }
        answer
    }

    /// No block runs during activation and deactivation; blocks that arrive meanwhile on
    /// another thread are silent.
    unsafe fn setActive(&self, state: TBool) -> tresult {
        let instance = &*self.instance;
        // SAFETY: no arguments.
        let latency = || unsafe { instance.wrapper.getLatencySamples() };
        let before = latency();
        let Some(closed) = self.block.close() else {
            nice_error!("The host called setActive from inside a block");
            return kResultFalse;
        };
        // No block will deliver these values.
        instance.pending.apply(&instance.parameters);
        // SAFETY: passed on under the same contract.
        let answer = unsafe { IComponentTrait::setActive(&instance.wrapper, state) };
        let active = state != 0 && answer == kResultOk;
        instance.set_active(active);
        self.continuity.restart();
        // SAFETY: the only argument is a local variable.
        let channels = unsafe { self.main_channels() };
        let changed = closed.with(|buffers| {
            if active {
                buffers.prepare(channels, channels, self.block_check.max_samples());
            } else {
                Buffers::clear(buffers);
            }
        });
        drop(closed);
        // The gate is open again, because the host may call back from inside this.
        if latency() != before {
            instance.messages.send_restart(kLatencyChanged);
        }
        instance.messages.deliver_due();
        if changed.is_some() { answer } else { kResultFalse }
    }

    unsafe fn setState(&self, state: *mut IBStream) -> tresult {
        let instance = &*self.instance;
        instance.pending.clear();
        // SAFETY: passed on under the same contract.
        let answer = unsafe { IComponentTrait::setState(&instance.wrapper, state) };
        if answer == kResultOk {
            instance.messages.send_restart(kParamValuesChanged);
        }
        answer
    }

    unsafe fn getState(&self, state: *mut IBStream) -> tresult {
        self.instance.pending.apply(&self.instance.parameters);
        // SAFETY: passed on under the same contract.
        let answer = unsafe { IComponentTrait::getState(&self.instance.wrapper, state) };
        self.instance.messages.deliver_due();
        answer
    }
}

impl<P: ExportedPlugin> Component<P> {
    /// Channels of nice-plug's main bus.
    ///
    /// # Safety
    /// As for any call of nice-plug.
    unsafe fn main_channels(&self) -> usize {
        let mut arrangement = 0;
        let output = BusDirection::try_from(i64::from(kOutput)).unwrap_or_default();
        // SAFETY: `arrangement` outlives the call.
        unsafe {
            self.instance
                .wrapper
                .getBusArrangement(output, 0, &raw mut arrangement)
        };
        arrangement.count_ones() as usize
    }
}

impl<P: ExportedPlugin> IAudioProcessorTrait for Component<P> {
    forward! { IAudioProcessorTrait:
        fn canProcessSampleSize(size: int32) -> tresult;
        fn getTailSamples() -> uint32;
    }

    unsafe fn getLatencySamples(&self) -> uint32 {
        self.instance.messages.deliver_due();
        // SAFETY: no arguments.
        unsafe { IAudioProcessorTrait::getLatencySamples(&self.instance.wrapper) }
    }

    unsafe fn setProcessing(&self, state: TBool) -> tresult {
        if state != 0 {
            // The first block passes it to nice-plug.
            self.continuity.start();
            return kResultOk;
        }
        // SAFETY: passed on under the same contract.
        unsafe { IAudioProcessorTrait::setProcessing(&self.instance.wrapper, state) }
    }

    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        num_ins: int32,
        outputs: *mut SpeakerArrangement,
        num_outs: int32,
    ) -> tresult {
        // SAFETY: passed on under the same contract.
        unsafe {
            self.arrangements
                .set(&self.instance.wrapper, inputs, num_ins, outputs, num_outs)
        }
    }

    unsafe fn getBusArrangement(
        &self,
        direction: BusDirection,
        index: int32,
        arrangement: *mut SpeakerArrangement,
    ) -> tresult {
        // SAFETY: passed on under the same contract.
        let answer = unsafe {
            IAudioProcessorTrait::getBusArrangement(&self.instance.wrapper, direction, index, arrangement)
        };
        // SAFETY: the host passes null or its own variable.
        if let Some(arrangement) = unsafe { arrangement.as_mut() }
            && let Some(said) = self.arrangements.of(direction, index)
        {
            *arrangement = said;
        }
        answer
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: hosts pass null or a valid setup.
        let Some(read) = (unsafe { setup.as_ref() }) else {
            return kInvalidArgument;
        };
        if let Err(answer) = self.block_check.set_up(read) {
            return answer;
        }
        process_mode::publish(&self.instance.shared, read.processMode);
        // SAFETY: passed on under the same contract.
        unsafe { process_mode::set_up(&self.instance.wrapper, setup) }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: passed on under the same contract.
        unsafe { self.process_block(data) }
    }
}
