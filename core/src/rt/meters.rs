//! Peaks, from the audio thread to the editor.

use crate::sync::{AtomicU32, Ordering::Relaxed};

/// Peaks for the meters, as `f32` bits; reading clears them, and no peak between two
/// reads is lost.
#[derive(Debug, Default)]
pub struct Meters {
    input_peak: AtomicU32,
    output_peak: AtomicU32,
}

impl Meters {
    /// Records the peaks of a block. Audio thread. Bits of non-negative floats compare
    /// like their values.
    pub fn record(&self, input_peak: f32, output_peak: f32) {
        self.input_peak.fetch_max(input_peak.to_bits(), Relaxed);
        self.output_peak.fetch_max(output_peak.to_bits(), Relaxed);
    }

    /// Takes (input, output) peaks since the last call. GUI thread.
    #[must_use]
    pub fn take(&self) -> (f32, f32) {
        (
            f32::from_bits(self.input_peak.swap(0, Relaxed)),
            f32::from_bits(self.output_peak.swap(0, Relaxed)),
        )
    }
}
