//! Gap of nice-plug 0.4.2: the parameter changes of a block that it cannot process are
//! lost: a block that arrives while the plugin is deactivated on another thread, before it is
//! activated, or with buffers that are rejected.
//!
//! To delete once nice-plug applies the changes of every block: this file, and its call in
//! `component/block.rs`.

use super::parameters::Parameters;
use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::kResultOk;

/// Sets every parameter to its last value in a block's changes. True if there were any.
///
/// # Real-time
/// Atomic stores, and the host's own lists.
///
/// # Safety
/// `changes` is null or the host's object, alive during the call.
pub(super) unsafe fn take(parameters: &Parameters, changes: *mut IParameterChanges) -> bool {
    // SAFETY: the caller's promise.
    let Some(changes) = (unsafe { ComRef::from_raw(changes) }) else {
        return false;
    };
    let mut any = false;
    // SAFETY: no arguments.
    for index in 0..unsafe { changes.getParameterCount() } {
        // SAFETY: an index in range; the queue is null or alive as long as its list.
        let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else {
            continue;
        };
        // SAFETY: alive during the call.
        let (id, count) = unsafe { (queue.getParameterId(), queue.getPointCount()) };
        let last = (0..count).rev().find_map(|point| {
            let (mut offset, mut value) = (0, 0.0);
            // SAFETY: both outlive the call.
            let answer = unsafe { queue.getPoint(point, &raw mut offset, &raw mut value) };
            (answer == kResultOk).then_some(value)
        });
        if let Some(value) = last {
            any |= parameters.set(id, value);
        }
    }
    any
}
