//! `IComponent` and `IAudioProcessor`.

use super::Component;
use crate::ExportedPlugin;
use crate::vst3::process_mode;
use crate::vst3::side_chain::{NO_SPEAKERS, SideChain};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::MediaTypes_::kAudio;
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
        fn setActive(state: TBool) -> tresult;
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
            && let Some(side) = self.side_chain.arrangement_of(direction, index)
        {
            info.channelCount = int32::try_from(side.count_ones()).unwrap_or(0);
        }
        answer
    }

    unsafe fn setState(&self, state: *mut IBStream) -> tresult {
        self.instance.pending.clear();
        // SAFETY: passed on under the same contract.
        unsafe { IComponentTrait::setState(&self.instance.wrapper, state) }
    }

    unsafe fn getState(&self, state: *mut IBStream) -> tresult {
        self.instance.pending.apply(&self.instance.parameters);
        // SAFETY: passed on under the same contract.
        unsafe { IComponentTrait::getState(&self.instance.wrapper, state) }
    }
}

impl<P: ExportedPlugin> IAudioProcessorTrait for Component<P> {
    forward! { IAudioProcessorTrait:
        fn canProcessSampleSize(size: int32) -> tresult;
        fn getLatencySamples() -> uint32;
        fn setProcessing(state: TBool) -> tresult;
        fn getTailSamples() -> uint32;
    }

    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        num_ins: int32,
        outputs: *mut SpeakerArrangement,
        num_outs: int32,
    ) -> tresult {
        // SAFETY: the host passes null or as many arrangements as it says.
        let main = unsafe { inputs.as_ref() }.filter(|_| num_ins == 2);
        // SAFETY: two arrangements.
        let side = main.map(|_| unsafe { *inputs.add(1) });
        if !side.is_none_or(SideChain::is_supported) {
            return kResultFalse;
        }
        // nice-plug gets a side chain like the main bus.
        let mut replaced = main.map_or([NO_SPEAKERS; 2], |&main| [main; 2]);
        let passed = if side.is_some() {
            replaced.as_mut_ptr()
        } else {
            inputs
        };
        // SAFETY: the host's own or a copy, alive during the call.
        let answer = unsafe {
            IAudioProcessorTrait::setBusArrangements(
                &self.instance.wrapper,
                passed,
                num_ins,
                outputs,
                num_outs,
            )
        };
        if answer == kResultOk {
            self.side_chain.set(side);
        }
        answer
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
            && let Some(side) = self.side_chain.arrangement_of(direction, index)
        {
            *arrangement = side;
        }
        answer
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: hosts pass null or a valid setup.
        let Some(read) = (unsafe { setup.as_ref() }) else {
            return kInvalidArgument;
        };
        process_mode::publish(&self.instance.shared, read.processMode);
        self.block_check.set_max_samples(read.maxSamplesPerBlock);
        self.side_chain.resize(read.maxSamplesPerBlock);
        // SAFETY: passed on under the same contract.
        unsafe { process_mode::set_up(&self.instance.wrapper, setup) }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: passed on under the same contract.
        unsafe { self.process_block(data) }
    }
}
