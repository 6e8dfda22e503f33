//! `IEditController` and `IMidiMapping`.

use super::Component;
use crate::ExportedPlugin;
use crate::vst3::{midi_mapping, param_info, view};
use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    CtrlNumber, IComponentHandler, IEditControllerTrait, IMidiMappingTrait, ParamID, ParamValue,
    ParameterInfo, String128, TChar,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, IBStream, IPlugView, int16, int32, kResultFalse, kResultOk, tresult,
};

impl<P: ExportedPlugin> IEditControllerTrait for Component<P> {
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
        midi_mapping::listed_count(&self.instance.wrapper, &self.instance.parameters)
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        let instance = &self.instance;
        instance.messages.deliver_due();
        if let Some(value) = instance.pending.value(&instance.parameters, id) {
            return value;
        }
        // SAFETY: plain numbers.
        unsafe { IEditControllerTrait::getParamNormalized(&instance.wrapper, id) }
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        self.instance.messages.deliver_due();
        self.instance.set_value(id, value)
    }

    unsafe fn getParameterInfo(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        self.instance.messages.deliver_due();
        // SAFETY: passed on under the same contract.
        unsafe { param_info::get(&self.instance.wrapper, &self.instance.parameters, index, info) }
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        // SAFETY: the host's pointer is null or a live object.
        let kept = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
        self.instance.messages.set_handler(kept);
        // nice-plug gets no handler, because it would call the host on its background thread.
        kResultOk
    }

    unsafe fn createView(&self, name: FIDString) -> *mut IPlugView {
        self.instance.messages.set_main_thread();
        self.instance.messages.deliver_due();
        // SAFETY: the host passes null or a string.
        unsafe { view::create(&self.instance, name) }
    }
}

impl<P: ExportedPlugin> IMidiMappingTrait for Component<P> {
    unsafe fn getMidiControllerAssignment(
        &self,
        bus: int32,
        _channel: int16,
        controller: CtrlNumber,
        id: *mut ParamID,
    ) -> tresult {
        match midi_mapping::parameter_of(&self.instance.parameters, bus, controller) {
            Some(parameter) if !id.is_null() => {
                // SAFETY: not null, and the host's own.
                unsafe { *id = parameter };
                kResultOk
            }
            _ => kResultFalse,
        }
    }
}
