//! Newtypes for quantities that cross modules, so that one unit cannot be taken for
//! another.

use serde::{Deserialize, Serialize};

/// Rate of the content encoders and pitch trackers: 16 kHz mono.
pub const ENCODER_RATE: SampleRate = SampleRate(16_000);

/// Samples per second of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(pub u32);

impl SampleRate {
    /// Samples in `ms` milliseconds, or `None` where that is not a whole number.
    #[must_use]
    pub fn samples_in_ms(self, ms: u32) -> Option<usize> {
        let product = u64::from(self.0) * u64::from(ms);
        (product % 1000 == 0)
            .then(|| usize::try_from(product / 1000).ok())
            .flatten()
    }

    /// Duration of `samples` in seconds.
    #[must_use]
    pub fn seconds(self, samples: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let samples = samples as f64;
        samples / f64::from(self.0)
    }
}

/// A pitch interval in semitones.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Semitones(pub f32);

impl Semitones {
    /// The frequency ratio, `2^(semitones / 12)`.
    #[must_use]
    pub fn ratio(self) -> f32 {
        (self.0 / 12.0).exp2()
    }
}

/// A gain in decibels.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Decibels(pub f32);

impl Decibels {
    /// The factor on amplitudes, `10^(dB / 20)`.
    #[must_use]
    pub fn amplitude(self) -> f32 {
        10.0_f32.powf(self.0 / 20.0)
    }
}
