//! Gap of nice-plug 0.4.2: for a plugin that receives MIDI controllers it lists 2080
//! extra parameters after the plugin's own, one for every controller of every channel.
//!
//! Here hosts see only the plugin's own parameters; modulation wheel, pitch bend and channel pressure are mapped to those
//! that the plugin names for them ([`ExportedPlugin`](crate::ExportedPlugin)), and no other controller is mapped.
//!
//! To delete once nice-plug hides those parameters and lets a plugin map
//! controllers itself: this file, and `getParameterCount` and `IMidiMapping` of
//! `component/controller.rs`.

use super::parameters::Parameters;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{CtrlNumber, IEditControllerTrait, ParamID};
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;

/// Number of parameters that hosts see.
pub(super) fn listed_count(controller: &impl IEditControllerTrait, parameters: &Parameters) -> int32 {
    // SAFETY: no arguments.
    let all = unsafe { controller.getParameterCount() };
    all.min(parameters.own_count())
}

/// The parameter that a controller of a bus moves, on any channel.
pub(super) fn parameter_of(parameters: &Parameters, bus: int32, controller: CtrlNumber) -> Option<ParamID> {
    parameters.of_controller(controller).filter(|_| bus == 0)
}
