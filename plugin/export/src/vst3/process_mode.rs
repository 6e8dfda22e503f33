//! Gap of nice-plug 0.4.2: it stores the process mode only after it has built the
//! configuration from the previous one, so the plugin gets the mode of the previous
//! `setupProcessing`; and it never passes on the mode of a block. Offline renders
//! would be processed as live ones.
//!
//! So `setupProcessing` is called twice, and each block's mode is published.
//!
//! To delete once nice-plug passes on the mode of each block: this file, and
//! `Bridge::is_offline`.

use crate::bridge::Shared;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessModes_::kOffline;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{IAudioProcessorTrait, ProcessSetup};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, tresult};

/// Publishes `ProcessSetup.processMode` or `ProcessData.processMode`.
///
/// # Real-time
/// One atomic store.
pub(super) fn publish(shared: &Shared, mode: int32) {
    shared.set_offline(i64::from(mode) == i64::from(kOffline));
}

/// Calls nice-plug's `setupProcessing` so that the plugin gets this setup's mode.
///
/// # Safety
/// As `IAudioProcessor::setupProcessing`.
pub(super) unsafe fn set_up(processor: &impl IAudioProcessorTrait, setup: *mut ProcessSetup) -> tresult {
    // SAFETY: passed on under the same contract.
    unsafe {
        processor.setupProcessing(setup);
        processor.setupProcessing(setup)
    }
}
