//! Access to the channels of a host's ports; any of its pointers may be null.

use crate::block::HostChannel;
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::clap_process;

/// The ports of a host; none if the array is null.
///
/// # Safety
/// `ports` must be null or hold `count` ports.
pub(super) unsafe fn ports<'a>(ports: *const clap_audio_buffer, count: u32) -> &'a [clap_audio_buffer] {
    if ports.is_null() {
        return &[];
    }
    // SAFETY: not null, so as many by the caller's promise.
    unsafe { std::slice::from_raw_parts(ports, count as usize) }
}

/// A channel of a port; missing where there is no such port or channel.
///
/// # Safety
/// Each array of the port must be null or hold as many pointers as it says.
pub(super) unsafe fn channel(port: Option<&clap_audio_buffer>, n: usize) -> HostChannel {
    let Some(port) = port.filter(|port| n < port.channel_count as usize) else {
        return HostChannel::Missing;
    };
    let null = std::ptr::null_mut();
    // SAFETY: not null, so long enough by the caller's promise.
    unsafe {
        HostChannel::new(
            if port.data32.is_null() {
                null
            } else {
                *port.data32.add(n)
            },
            if port.data64.is_null() {
                std::ptr::null_mut()
            } else {
                *port.data64.add(n)
            },
        )
    }
}

/// Silences all of a block's outputs: a host that ignores an error would play what its
/// buffers contain, which with in-place buffers is the speaker's own voice.
///
/// # Safety
/// As `clap_plugin.process`.
pub(super) unsafe fn silence(given: &clap_process) {
    // SAFETY: passed on under the same contract.
    unsafe {
        for port in ports(given.audio_outputs, given.audio_outputs_count) {
            for n in (0..port.channel_count as usize).rev() {
                channel(Some(port), n).silence(given.frames_count as usize);
            }
        }
        clear_masks(given);
    }
}

/// Marks no output as constant.
///
/// # Safety
/// As `clap_plugin.process`.
pub(super) unsafe fn clear_masks(given: &clap_process) {
    if given.audio_outputs.is_null() {
        return;
    }
    for n in 0..given.audio_outputs_count as usize {
        // SAFETY: within the host's array, which is for the plugin to write.
        unsafe { (*given.audio_outputs.add(n)).constant_mask = 0 };
    }
}
