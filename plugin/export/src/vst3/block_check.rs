//! Gap of nice-plug 0.4.2: it does not validate a host's block, and panics or
//! reads invalid memory at a block before `setupProcessing`, a block above the
//! maximum, or one in double precision, which it reports as unsupported.
//!
//! To delete once nice-plug rejects such blocks itself: this file, and its calls in
//! `component/`.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::{kSample32, kSample64};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{ProcessData, ProcessSetup};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kNotInitialized, tresult};
use std::sync::atomic::{AtomicU32, Ordering};

/// The largest block that the host announced.
#[derive(Default)]
pub(super) struct BlockCheck {
    /// `maxSamplesPerBlock` of the last `setupProcessing`; 0 = not set up yet.
    max_samples: AtomicU32,
}

fn is_single(sample_size: int32) -> bool {
    i64::from(sample_size) == i64::from(kSample32)
}

/// True if the channels of a block are in double precision.
pub(super) fn is_double(data: &ProcessData) -> bool {
    i64::from(data.symbolicSampleSize) == i64::from(kSample64)
}

impl BlockCheck {
    /// Stores `ProcessSetup.maxSamplesPerBlock`. An unusable setup returns the result code
    /// for the host, and the previous setup remains.
    pub fn set_up(&self, setup: &ProcessSetup) -> Result<(), tresult> {
        if !is_single(setup.symbolicSampleSize) {
            return Err(kInvalidArgument);
        }
        let max_samples = u32::try_from(setup.maxSamplesPerBlock).map_err(|_| kInvalidArgument)?;
        self.max_samples.store(max_samples, Ordering::Relaxed);
        Ok(())
    }

    /// The largest block in samples; 0 before the first setup.
    pub fn max_samples(&self) -> usize {
        self.max_samples.load(Ordering::Relaxed) as usize
    }

    /// The length of a block in samples, or the result code for the host if it cannot be processed.
    ///
    /// # Real-time
    /// One atomic load.
    pub fn check(&self, data: &ProcessData) -> Result<usize, tresult> {
        let max_samples = self.max_samples();
        if max_samples == 0 {
            return Err(kNotInitialized);
        }
        usize::try_from(data.numSamples)
            .ok()
            .filter(|&samples| samples <= max_samples && is_single(data.symbolicSampleSize))
            .ok_or(kInvalidArgument)
    }
}
