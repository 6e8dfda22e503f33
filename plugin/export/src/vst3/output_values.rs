//! Gap of nice-plug 0.4.2: it sends no parameter values from the audio thread.
//! Here the values that the plugin publishes become points in the host's output
//! queues, at the samples from which they apply.
//!
//! To delete once nice-plug lets a plugin send parameter values from `process`:
//! this file, and its call in `component/block.rs`.

use crate::bridge::OutputQueue;
use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;

/// Sends the block's values; `ids` are the output parameters in the order in which
/// the plugin publishes them.
///
/// # Real-time
/// Atomics, and the host's own lists.
///
/// # Safety
/// `changes` is null or the host's object, alive during the call.
pub(super) unsafe fn send(outputs: &OutputQueue, ids: &[Option<ParamID>], changes: *mut IParameterChanges) {
    // SAFETY: the caller's promise.
    let Some(changes) = (unsafe { ComRef::from_raw(changes) }) else {
        return;
    };
    if outputs.get(0).is_none() {
        return;
    }
    for (output, id) in ids.iter().enumerate() {
        let Some(id) = id else { continue };
        let mut index = 0;
        // SAFETY: both are alive during the call; the queue is the host's, null
        // or alive as long as its list.
        let queue = unsafe { ComRef::from_raw(changes.addParameterData(id, &raw mut index)) };
        let Some(queue) = queue else { continue };
        for value in outputs.iter().filter(|value| value.output == output) {
            let offset = int32::try_from(value.offset).unwrap_or(0);
            // SAFETY: as above.
            unsafe { queue.addPoint(offset, ParamValue::from(value.value), &raw mut index) };
        }
    }
}
