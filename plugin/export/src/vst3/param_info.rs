//! Two gaps of nice-plug 0.4.2 in `IEditController::getParameterInfo`:
//!
//! - The index one past the last parameter passes its check and panics, which crashes
//!   the host.
//! - A parameter can be read-only only if it is also hidden, so an output parameter
//!   cannot be seen or recorded.
//!
//! To delete once nice-plug checks the index and has visible read-only parameters:
//! this file, and `getParameterInfo` of `component/controller.rs`.

use super::midi_mapping;
use super::parameters::Parameters;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{IEditControllerTrait, ParameterInfo};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};

/// Fills `info` as nice-plug does, but with output parameters read-only and
/// visible.
///
/// # Safety
/// As `IEditController::getParameterInfo`.
pub(super) unsafe fn get(
    controller: &impl IEditControllerTrait,
    parameters: &Parameters,
    index: int32,
    info: *mut ParameterInfo,
) -> tresult {
    if index >= midi_mapping::listed_count(controller, parameters) {
        return kInvalidArgument;
    }
    // SAFETY: passed on under the same contract.
    let answer = unsafe { controller.getParameterInfo(index, info) };
    // SAFETY: the host passes null or its own object.
    if let Some(info) = unsafe { info.as_mut() }.filter(|_| answer == kResultOk)
        && parameters.outputs().contains(&Some(info.id))
    {
        info.flags = int32::try_from(i64::from(kIsReadOnly)).unwrap_or_default();
    }
    answer
}
