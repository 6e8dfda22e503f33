//! Gap of nice-plug 0.4.2: it trusts what a host says of a block, and panics or
//! reads wildly where that is wrong: a block before `setupProcessing` or above its
//! maximum, double precision, a bus that is switched off and has no channel
//! pointers.
//!
//! To delete once nice-plug rejects such blocks itself: this file, and its calls in
//! `component/`.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{AudioBusBuffers, ProcessData};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kNotInitialized, tresult};
use std::sync::atomic::{AtomicU32, Ordering};

/// The largest block that the host announced.
#[derive(Default)]
pub(super) struct BlockCheck {
    /// `maxSamplesPerBlock` of the last `setupProcessing`; 0 = not set up yet.
    max_samples: AtomicU32,
}

impl BlockCheck {
    /// Takes `ProcessSetup.maxSamplesPerBlock`.
    pub fn set_max_samples(&self, max_samples: int32) {
        self.max_samples
            .store(u32::try_from(max_samples).unwrap_or(0), Ordering::Relaxed);
    }

    /// The answer to the host if a block cannot be processed.
    ///
    /// # Real-time
    /// One atomic load.
    pub fn check(&self, data: &ProcessData) -> Result<(), tresult> {
        let max_samples = self.max_samples.load(Ordering::Relaxed);
        if max_samples == 0 {
            return Err(kNotInitialized);
        }
        let fits = u32::try_from(data.numSamples).is_ok_and(|samples| samples <= max_samples);
        if !fits || i64::from(data.symbolicSampleSize) != i64::from(kSample32) {
            return Err(kInvalidArgument);
        }
        Ok(())
    }
}

/// Takes the buses out of a block whose main bus has no channel pointers.
///
/// # Safety
/// The bus arrays must be null or as long as `data` says.
pub(super) unsafe fn remove_missing_buses(data: &mut ProcessData) {
    // SAFETY: the caller's promise.
    unsafe {
        if lacks_buffers(data.inputs, data.numInputs) {
            data.numInputs = 0;
            data.inputs = std::ptr::null_mut();
        }
        if lacks_buffers(data.outputs, data.numOutputs) {
            data.numOutputs = 0;
            data.outputs = std::ptr::null_mut();
        }
    }
}

/// Whether the main bus comes without channel pointers, as some hosts do for a
/// bus that is switched off.
///
/// # Safety
/// `buses` must be null or hold `count` buses.
unsafe fn lacks_buffers(buses: *mut AudioBusBuffers, count: int32) -> bool {
    if buses.is_null() || count < 1 {
        return false;
    }
    // SAFETY: not null and at least one long; both union members are one pointer.
    unsafe { (*buses).numChannels < 1 || (*buses).__field0.channelBuffers32.is_null() }
}
