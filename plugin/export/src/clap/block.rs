//! Processes one block through nice-plug; see `block/` for the gaps of nice-plug that this closes.

use super::channels::{channel, clear_masks, ports, silence};
use super::input_events::InputEvents;
use super::instance::Instance;
use super::output_events::OutputEvents;
use crate::block::{Begins, Buffers};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::{CLAP_PROCESS_CONTINUE, CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::wrapper::clap::clap_plugin;

impl Instance {
    /// Checks a host block, completes it and passes it to nice-plug. `None` if it cannot be
    /// processed: that is an error, its output must be silenced, and its events are still applied.
    ///
    /// # Real-time
    /// Yes, as far as nice-plug is.
    ///
    /// # Safety
    /// As `clap_plugin.process`, with null allowed for every pointer.
    pub(super) unsafe fn process_block(
        &self,
        plugin: *const clap_plugin,
        given: &clap_process,
    ) -> Option<clap_process_status> {
        let len = given.frames_count;
        // SAFETY: the host's list, alive during the call.
        let take_events = || unsafe { self.flush_to_nice_plug(plugin, given.in_events, given.out_events) };
        // Closed during activation and deactivation: silence is a valid result.
        let Some(mut buffers) = self.block.enter().filter(|_| len > 0) else {
            take_events();
            // SAFETY: passed on under the same contract.
            unsafe { silence(given) };
            return Some(CLAP_PROCESS_CONTINUE);
        };
        if !buffers.fit(len as usize) {
            take_events();
            return None;
        }
        let time = Some(given.steady_time).filter(|time| *time >= 0);
        if self.continuity.begin_block(time, len, u64::MAX) == Begins::Stream {
            // SAFETY: the host's pointer to this instance, on the audio thread.
            unsafe { self.start_over(plugin) };
        }
        // SAFETY: passed on under the same contract.
        unsafe { self.process_in(&mut buffers, plugin, given) }
    }

    /// # Safety
    /// As [`Self::process_block`]; the block must fit.
    unsafe fn process_in(
        &self,
        buffers: &mut Buffers,
        plugin: *const clap_plugin,
        given: &clap_process,
    ) -> Option<clap_process_status> {
        let len = given.frames_count as usize;
        // SAFETY: the host's arrays are null or as long as it says.
        let (ins, outs) = unsafe {
            (
                ports(given.audio_inputs, given.audio_inputs_count),
                ports(given.audio_outputs, given.audio_outputs_count),
            )
        };
        // SAFETY: the channels are as long as the block.
        unsafe { buffers.read(|n| channel(ins.first(), n), |n| channel(ins.get(1), n), len) };
        self.shared.begin_block();
        let events = InputEvents::new(given.in_events, given.frames_count);
        let outputs = OutputEvents::new(
            &self.shared.outputs,
            self.param_info.output_ids(),
            given.out_events,
        );
        let (in_list, out_list) = (events.list(), outputs.list());
        let mut own = buffers.buses();
        let port = |channels: &mut [*mut f32; 2], channel_count| clap_audio_buffer {
            data32: channels.as_mut_ptr(),
            data64: std::ptr::null_mut(),
            channel_count,
            latency: 0,
            constant_mask: 0,
        };
        let main = port(&mut own.main, own.main_channels);
        let inputs = [main, port(&mut own.side, own.side_channels)];
        let mut output = main;
        let passed = clap_process {
            audio_inputs: inputs.as_ptr(),
            audio_inputs_count: if own.side_channels > 0 { 2 } else { 1 },
            audio_outputs: &raw mut output,
            audio_outputs_count: 1,
            in_events: &raw const in_list,
            out_events: if given.out_events.is_null() {
                std::ptr::null()
            } else {
                &raw const out_list
            },
            ..*given
        };
        let inner = self.inner.process?;
        // SAFETY: this instance's own memory, and lists that are alive during the call.
        let status = unsafe { inner(plugin, &raw const passed) };
        outputs.send_rest();
        if status == CLAP_PROCESS_ERROR {
            return None;
        }
        // SAFETY: as above. Further outputs first: they may use the first one's buffers.
        unsafe {
            for port in outs.iter().skip(1) {
                (0..port.channel_count as usize).for_each(|n| channel(Some(port), n).silence(len));
            }
            let count = outs.first().map_or(0, |port| port.channel_count as usize);
            buffers.write(count, |n| channel(outs.first(), n), len);
            clear_masks(given);
        }
        Some(status)
    }
}
