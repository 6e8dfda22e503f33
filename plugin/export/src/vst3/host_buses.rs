//! Access to the buses of a host's block; any pointer may be null. See `block/`
//! for the gap of nice-plug that this closes.

use super::block_check::is_double;
use crate::block::HostChannel;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{AudioBusBuffers, ProcessData};
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;
use std::ptr::null_mut;

/// # Safety
/// `buses` must be null or hold `count` buses.
unsafe fn buses<'a>(buses: *const AudioBusBuffers, count: int32) -> &'a [AudioBusBuffers] {
    match usize::try_from(count) {
        // SAFETY: not null, so as many by the caller's promise.
        Ok(count) if !buses.is_null() => unsafe { std::slice::from_raw_parts(buses, count) },
        _ => &[],
    }
}

/// # Safety
/// As [`buses`].
pub(super) unsafe fn inputs(data: &ProcessData) -> &[AudioBusBuffers] {
    // SAFETY: the caller's promise.
    unsafe { buses(data.inputs, data.numInputs) }
}

/// # Safety
/// As [`buses`].
pub(super) unsafe fn outputs(data: &ProcessData) -> &[AudioBusBuffers] {
    // SAFETY: the caller's promise.
    unsafe { buses(data.outputs, data.numOutputs) }
}

/// Channels of a bus; 0 without one.
pub(super) fn channels(bus: Option<&AudioBusBuffers>) -> usize {
    bus.map_or(0, |bus| usize::try_from(bus.numChannels).unwrap_or(0))
}

/// A channel of a bus; missing where there is no such bus or channel.
///
/// # Safety
/// The bus's array must be null or hold as many pointers as it says.
pub(super) unsafe fn channel(data: &ProcessData, bus: Option<&AudioBusBuffers>, n: usize) -> HostChannel {
    let Some(bus) = bus.filter(|_| n < channels(bus)) else {
        return HostChannel::Missing;
    };
    // SAFETY: both members of the union are one pointer.
    let array = unsafe { bus.__field0.channelBuffers32 };
    if array.is_null() {
        return HostChannel::Missing;
    }
    // SAFETY: not null, so long enough by the caller's promise.
    let pointer = unsafe { *array.add(n) };
    if is_double(data) {
        HostChannel::new(null_mut(), pointer.cast())
    } else {
        HostChannel::new(pointer, null_mut())
    }
}

/// Silences these output buses of a block. A host that ignores an error would play what its
/// buffers contain, which with in-place buffers is the speaker's own voice.
///
/// # Real-time
/// Yes.
///
/// # Safety
/// The channels must be null or have room for the block's samples.
pub(super) unsafe fn silence(data: &ProcessData, buses: &[AudioBusBuffers]) {
    let len = usize::try_from(data.numSamples).unwrap_or(0);
    for bus in buses {
        for n in 0..channels(Some(bus)) {
            // SAFETY: the caller's promise.
            unsafe { channel(data, Some(bus), n).silence(len) };
        }
    }
}

/// Clears the silence flags of all outputs.
///
/// # Safety
/// As [`buses`]; the array must be the host's, for the plugin to write.
pub(super) unsafe fn clear_silence_flags(data: &ProcessData) {
    // SAFETY: the caller's promise.
    for n in 0..unsafe { outputs(data) }.len() {
        // SAFETY: within the array; nothing else refers to it now.
        unsafe { (*data.outputs.add(n)).silenceFlags = 0 };
    }
}
