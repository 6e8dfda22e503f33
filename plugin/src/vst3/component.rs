//! The object that hosts talk to: forwards to nice-plug's, with corrections.

use super::instance::Instance;
use super::{keeper, view};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::BusDirections_::kInput;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ControllerNumbers_::kCtrlModWheel;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::MediaTypes_::kAudio;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ViewType::kEditor;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, BusDirection, BusInfo, CString, CtrlNumber, IAudioProcessor,
    IAudioProcessorTrait, IComponent, IComponentHandler, IComponentTrait, IEditController,
    IEditControllerTrait, IMidiMapping, IMidiMappingTrait, IProcessContextRequirements,
    IProcessContextRequirementsTrait, IUnitInfo, IUnitInfoTrait, IoMode, MediaType, ParamID, ParamValue,
    ParameterInfo, ProcessData, ProcessSetup, ProgramListID, ProgramListInfo, RoutingInfo,
    SpeakerArrangement, String128, TChar, UnitID, UnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, TBool, TUID, int16, int32, kInvalidArgument,
    kNotInitialized, kResultFalse, kResultOk, tresult, uint32,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComRef};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Audio processor and edit controller in one, as nice-plug has them.
pub struct Component {
    pub(super) instance: Arc<Instance>,
}

impl Component {
    /// A new plugin instance.
    #[must_use]
    pub fn new() -> Self {
        Self {
            instance: Instance::new(),
        }
    }

    /// Whether this is the side chain's bus and the host gave it no channels.
    fn is_switched_off(&self, direction: BusDirection, index: int32) -> bool {
        let is_input = i64::from(direction) == i64::from(kInput);
        is_input && index == 1 && self.instance.side_off.load(Ordering::Relaxed)
    }
}

impl Default for Component {
    fn default() -> Self {
        Self::new()
    }
}

impl Class for Component {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IProcessContextRequirements,
        IUnitInfo,
        IMidiMapping,
    );
}

/// Methods that nice-plug's object answers as they come.
macro_rules! forward {
    ($interface:ident: $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => { $(
        unsafe fn $method(&self, $($argument: $kind),*) -> $answer {
            // SAFETY: the arguments are the host's own, passed on under the same contract.
            unsafe { $interface::$method(&self.instance.wrapper, $($argument),*) }
        }
    )* };
}

impl IPluginBaseTrait for Component {
    forward! { IPluginBaseTrait:
        fn initialize(context: *mut FUnknown) -> tresult;
    }

    unsafe fn terminate(&self) -> tresult {
        // Hosts expect every reference to them to be gone after this.
        // SAFETY: null is what hosts pass to take the handler back.
        unsafe { IEditControllerTrait::setComponentHandler(self, std::ptr::null_mut()) };
        // SAFETY: passed on under the same contract.
        unsafe { IPluginBaseTrait::terminate(&self.instance.wrapper) }
    }
}

impl IComponentTrait for Component {
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
            && self.is_switched_off(direction, index)
        {
            info.channelCount = 0;
        }
        answer
    }

    unsafe fn setState(&self, state: *mut IBStream) -> tresult {
        self.instance.forget_pending();
        // SAFETY: passed on under the same contract.
        unsafe { IComponentTrait::setState(&self.instance.wrapper, state) }
    }

    unsafe fn getState(&self, state: *mut IBStream) -> tresult {
        self.instance.apply_pending();
        // SAFETY: passed on under the same contract.
        unsafe { IComponentTrait::getState(&self.instance.wrapper, state) }
    }
}

impl IAudioProcessorTrait for Component {
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
        let given = unsafe { inputs.as_ref() }.filter(|_| num_ins == 2);
        // A host switches the side chain off by giving it no channels. nice-plug
        // has no such layout: it gets the main bus's, and silence to read. Other
        // channels than the main bus's it takes without a word and does not use.
        // SAFETY: two arrangements.
        let side = given.map(|_| unsafe { *inputs.add(1) });
        let side_off = side == Some(NO_SPEAKERS);
        if side != given.copied() && !side_off {
            return kResultFalse;
        }
        let mut replaced = given.map_or([NO_SPEAKERS; 2], |&main| [main; 2]);
        let passed = if side_off { replaced.as_mut_ptr() } else { inputs };
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
            self.instance.side_off.store(side_off, Ordering::Relaxed);
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
            && self.is_switched_off(direction, index)
        {
            *arrangement = NO_SPEAKERS;
        }
        answer
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: hosts pass null or a valid setup.
        let Some(read) = (unsafe { setup.as_ref() }) else {
            return kInvalidArgument;
        };
        self.instance.link.set_mode(read.processMode);
        self.instance.max_block.store(
            u32::try_from(read.maxSamplesPerBlock).unwrap_or(0),
            Ordering::Relaxed,
        );
        // nice-plug stores the mode after it has built the configuration from the
        // one before: the second call sees the right one.
        // SAFETY: passed on under the same contract.
        unsafe {
            IAudioProcessorTrait::setupProcessing(&self.instance.wrapper, setup);
            IAudioProcessorTrait::setupProcessing(&self.instance.wrapper, setup)
        }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
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
        if checked.numInputs > 0 && !checked.inputs.is_null() {
            let count = usize::try_from(checked.numInputs).unwrap_or(0).min(inputs.len());
            // SAFETY: the host's array is as long as it says.
            let given = unsafe { std::slice::from_raw_parts(checked.inputs, count) };
            inputs[..count].copy_from_slice(given);
            // SAFETY: as above; channel pointers are as many as the bus says.
            if unsafe { lacks_channels(&inputs[1]) } {
                inputs[1] = NO_BUS;
            }
            checked.inputs = inputs.as_mut_ptr();
            checked.numInputs = 2;
        }
        // SAFETY: a copy of the host's data, alive during the call.
        let answer = unsafe { IAudioProcessorTrait::process(&self.instance.wrapper, &raw mut checked) };
        // SAFETY: the host's object is null or alive during the call.
        unsafe { self.instance.tell_outputs(checked.outputParameterChanges) };
        answer
    }
}

/// The arrangement of a bus without channels.
const NO_SPEAKERS: SpeakerArrangement = 0;

/// A bus that is not there.
const NO_BUS: AudioBusBuffers = AudioBusBuffers {
    numChannels: 0,
    silenceFlags: 0,
    __field0: AudioBusBuffers__type0 {
        channelBuffers32: std::ptr::null_mut(),
    },
};

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

impl IEditControllerTrait for Component {
    forward! { IEditControllerTrait:
        fn setComponentState(state: *mut IBStream) -> tresult;
        fn setState(state: *mut IBStream) -> tresult;
        fn getState(state: *mut IBStream) -> tresult;
        fn getParamStringByValue(id: ParamID, value: ParamValue, string: *mut String128) -> tresult;
        fn getParamValueByString(id: ParamID, string: *mut TChar, value: *mut ParamValue) -> tresult;
        fn normalizedParamToPlain(id: ParamID, value: ParamValue) -> ParamValue;
        fn plainParamToNormalized(id: ParamID, value: ParamValue) -> ParamValue;
    }

    unsafe fn getParameterCount(&self) -> int32 {
        // Behind its own parameters nice-plug lists one for every MIDI
        // controller of every channel; [`IMidiMappingTrait`] needs none of them.
        // SAFETY: no arguments.
        let all = unsafe { IEditControllerTrait::getParameterCount(&self.instance.wrapper) };
        all.min(self.instance.own_params())
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        if let Some(value) = self.instance.pending_value(id) {
            return value;
        }
        // SAFETY: plain numbers.
        unsafe { IEditControllerTrait::getParamNormalized(&self.instance.wrapper, id) }
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        self.instance.remember_value(id, value);
        // SAFETY: plain numbers.
        unsafe { IEditControllerTrait::setParamNormalized(&self.instance.wrapper, id, value) }
    }

    unsafe fn getParameterInfo(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        // nice-plug lets the index one past the end through and panics.
        // SAFETY: no arguments.
        if index >= unsafe { IEditControllerTrait::getParameterCount(self) } {
            return kInvalidArgument;
        }
        // SAFETY: passed on under the same contract.
        let answer = unsafe { IEditControllerTrait::getParameterInfo(&self.instance.wrapper, index, info) };
        // SAFETY: the host passes null or its own object.
        if let Some(info) = unsafe { info.as_mut() }.filter(|_| answer == kResultOk)
            && self.instance.is_output(info.id)
        {
            info.flags = int32::try_from(i64::from(kIsReadOnly)).unwrap_or_default();
        }
        answer
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        // nice-plug's background thread may be using the former handler.
        keeper::drain();
        // SAFETY: the host's pointer is null or a live object.
        self.instance
            .set_handler(unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr()));
        // SAFETY: passed on under the same contract.
        unsafe { IEditControllerTrait::setComponentHandler(&self.instance.wrapper, handler) }
    }

    unsafe fn createView(&self, name: FIDString) -> *mut IPlugView {
        // SAFETY: the host passes null or a string.
        if unsafe { view::same_text(name, kEditor) } {
            view::create(&self.instance)
        } else {
            std::ptr::null_mut()
        }
    }
}

impl IProcessContextRequirementsTrait for Component {
    unsafe fn getProcessContextRequirements(&self) -> uint32 {
        // The engine follows samples, not the song.
        0
    }
}

impl IMidiMappingTrait for Component {
    unsafe fn getMidiControllerAssignment(
        &self,
        bus: int32,
        _channel: int16,
        controller: CtrlNumber,
        id: *mut ParamID,
    ) -> tresult {
        let wheel = i64::from(controller) == i64::from(kCtrlModWheel);
        match (self.instance.wheel_id(), bus == 0 && wheel && !id.is_null()) {
            (Some(wheel), true) => {
                // SAFETY: not null, and the host's own.
                unsafe { *id = wheel };
                kResultOk
            }
            _ => kResultFalse,
        }
    }
}

impl IUnitInfoTrait for Component {
    forward! { IUnitInfoTrait:
        fn getUnitCount() -> int32;
        fn getUnitInfo(index: int32, info: *mut UnitInfo) -> tresult;
        fn getProgramListCount() -> int32;
        fn getProgramListInfo(index: int32, info: *mut ProgramListInfo) -> tresult;
        fn getProgramName(list: ProgramListID, program: int32, name: *mut String128) -> tresult;
        fn getProgramInfo(list: ProgramListID, program: int32, attribute: CString, value: *mut String128) -> tresult;
        fn hasProgramPitchNames(list: ProgramListID, program: int32) -> tresult;
        fn getProgramPitchName(list: ProgramListID, program: int32, pitch: int16, name: *mut String128) -> tresult;
        fn getSelectedUnit() -> UnitID;
        fn selectUnit(unit: UnitID) -> tresult;
        fn getUnitByBus(media: MediaType, direction: BusDirection, bus: int32, channel: int32, unit: *mut UnitID) -> tresult;
        fn setUnitProgramData(list_or_unit: int32, program: int32, data: *mut IBStream) -> tresult;
    }
}
