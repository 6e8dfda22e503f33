//! The object that hosts talk to: forwards to nice-plug's, with corrections.

use super::host_thread::HostThread;
use super::instance::Instance;
use super::lines::Lines;
use super::side::{NO_SPEAKERS, SideChain};
use super::{keeper, view};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::BusDirections_::kInput;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ControllerNumbers_::kCtrlModWheel;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::MediaTypes_::kAudio;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ViewType::kEditor;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusInfo, CString, CtrlNumber, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentTrait, IEditController, IEditControllerTrait, IMidiMapping,
    IMidiMappingTrait, IProcessContextRequirements, IProcessContextRequirementsTrait, IUnitInfo,
    IUnitInfoTrait, IoMode, MediaType, ParamID, ParamValue, ParameterInfo, ProcessData, ProcessSetup,
    ProgramListID, ProgramListInfo, RoutingInfo, SpeakerArrangement, String128, TChar, UnitID, UnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, TBool, TUID, int16, int32, kInvalidArgument,
    kResultFalse, kResultOk, tresult, uint32,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComRef};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Audio processor and edit controller in one, as nice-plug has them.
pub struct Component {
    pub(super) instance: Arc<Instance>,
    /// The block's parameter changes; the thread that processes uses them.
    pub(super) lines: Lines,
    /// Two channels of a side chain made one, up to the largest block.
    pub(super) side_mono: RefCell<Vec<f32>>,
    host_thread: HostThread,
}

impl Component {
    /// A new plugin instance, for a host that can be reached so.
    #[must_use]
    pub fn new(host_thread: HostThread) -> Self {
        let instance = Instance::new();
        let params = usize::try_from(instance.own_params()).unwrap_or(0);
        Self {
            instance,
            lines: Lines::new(params),
            side_mono: RefCell::default(),
            host_thread,
        }
    }

    /// What the host wants the side chain to be, if this is its bus.
    fn side(&self, direction: BusDirection, index: int32) -> Option<SpeakerArrangement> {
        let is_input = i64::from(direction) == i64::from(kInput);
        self.instance.side.get().filter(|_| is_input && index == 1)
    }
}

impl Default for Component {
    fn default() -> Self {
        Self::new(HostThread::default())
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
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        // SAFETY: the host passes null or its own object, under the same contract.
        unsafe {
            self.host_thread.connect(&self.instance, context);
            IPluginBaseTrait::initialize(&self.instance.wrapper, context)
        }
    }

    unsafe fn terminate(&self) -> tresult {
        self.host_thread.disconnect(&self.instance);
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
            && let Some(side) = self.side(direction, index)
        {
            info.channelCount = int32::try_from(side.count_ones()).unwrap_or(0);
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
        // nice-plug has no layout for a side chain of other channels than the
        // track's: it is told of one like the track's, see `side`.
        // SAFETY: two arrangements.
        let side = given.map(|_| unsafe { *inputs.add(1) });
        if !side.is_none_or(SideChain::can_be) {
            return kResultFalse;
        }
        let mut replaced = given.map_or([NO_SPEAKERS; 2], |&main| [main; 2]);
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
            self.instance.side.set(side);
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
            && let Some(side) = self.side(direction, index)
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
        self.instance.link.set_mode(read.processMode);
        self.instance.max_block.store(
            u32::try_from(read.maxSamplesPerBlock).unwrap_or(0),
            Ordering::Relaxed,
        );
        if let Ok(mut mono) = self.side_mono.try_borrow_mut() {
            mono.resize(usize::try_from(read.maxSamplesPerBlock).unwrap_or(0), 0.0);
        }
        // nice-plug stores the mode after it has built the configuration from the
        // one before: the second call sees the right one.
        // SAFETY: passed on under the same contract.
        unsafe {
            IAudioProcessorTrait::setupProcessing(&self.instance.wrapper, setup);
            IAudioProcessorTrait::setupProcessing(&self.instance.wrapper, setup)
        }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: passed on under the same contract.
        unsafe { self.process_block(data) }
    }
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
