//! A block on its way through nice-plug.

use super::Component;
use crate::ExportedPlugin;
use crate::vst3::side_chain::Inputs;
use crate::vst3::{block_check, output_values, process_mode};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{IAudioProcessorTrait, ProcessData};
use nice_plug::wrapper::vst3::vst3::Steinberg::{kInvalidArgument, tresult};

impl<P: ExportedPlugin> Component<P> {
    /// One block of the host's: checked, completed and handed to nice-plug.
    ///
    /// # Real-time
    /// Yes, as far as nice-plug is.
    ///
    /// # Safety
    /// As `IAudioProcessor::process`.
    pub(super) unsafe fn process_block(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: hosts pass null or valid data.
        let Some(host_data) = (unsafe { data.as_ref() }) else {
            return kInvalidArgument;
        };
        if let Err(answer) = self.block_check.check(host_data) {
            return answer;
        }
        let instance = &*self.instance;
        process_mode::publish(&instance.shared, host_data.processMode);
        instance.pending.count_block();
        let mut checked = *host_data;
        let mut inputs = Inputs::default();
        // SAFETY: the host's bus arrays and channels are as many as it says.
        unsafe {
            block_check::remove_missing_buses(&mut checked);
            self.side_chain.fit(&mut checked, &mut inputs);
        }
        instance.shared.begin_block();
        // SAFETY: the host's object is null or alive during the call.
        checked.inputParameterChanges = unsafe {
            self.lines.interpolated(
                checked.inputParameterChanges,
                &instance.wrapper,
                &instance.parameters,
                &instance.shared.timeline,
            )
        };
        // SAFETY: a copy of the host's data, alive during the call.
        let answer = unsafe { IAudioProcessorTrait::process(&instance.wrapper, &raw mut checked) };
        let (outputs, ids) = (&instance.shared.outputs, instance.parameters.outputs());
        // SAFETY: the host's object is null or alive during the call.
        unsafe { output_values::send(outputs, ids, checked.outputParameterChanges) };
        answer
    }
}
