//! Newtypes for quantities that cross modules, so that units cannot be
//! confused.

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

    /// A host's rate if 10 ms are a whole number of its samples, else the next rate at which the stream can run: a multiple of
    /// 400 Hz, at which chunks of 5 ms are a whole and even number of samples, and no synthesizer's rate is rejected.
    #[must_use]
    pub fn with_whole_10_ms(host_rate_hz: f64) -> Self {
        const STEP_HZ: f64 = 400.0;
        let rate_hz = if host_rate_hz % 100.0 == 0.0 {
            host_rate_hz
        } else {
            (host_rate_hz / STEP_HZ).ceil() * STEP_HZ
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; a supported rate"
        )]
        Self(rate_hz as u32)
    }

    /// Duration of `samples` in seconds.
    #[must_use]
    pub fn seconds(self, samples: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let samples = samples as f64;
        samples / f64::from(self.0)
    }
}

/// Converts sample counts between a host's rate and a different stream's rate: exact, so that positions never drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateConversion {
    host_millihertz: u64,
    stream_millihertz: u64,
}

impl RateConversion {
    /// Between a host's rate, which need not be a whole number, and a stream's. The host's rate is rounded to a thousandth of
    /// a hertz, the same in both directions.
    #[must_use]
    pub fn new(host_rate_hz: f64, stream_rate: SampleRate) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; rates are below a megahertz"
        )]
        let host_millihertz = (host_rate_hz * 1000.0).round().max(1.0) as u64;
        Self {
            host_millihertz,
            stream_millihertz: u64::from(stream_rate.0) * 1000,
        }
    }

    /// Both rates in thousandths of a hertz: the host's, the stream's.
    #[must_use]
    pub fn millihertz(self) -> (u64, u64) {
        (self.host_millihertz, self.stream_millihertz)
    }

    /// The host's rate.
    #[must_use]
    pub fn host_rate_hz(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let millihertz = self.host_millihertz as f64;
        millihertz / 1000.0
    }

    /// The last host sample that is not later than a sample of the stream.
    #[must_use]
    pub fn host_floor(self, stream_sample: u64) -> u64 {
        let product = u128::from(stream_sample) * u128::from(self.host_millihertz);
        u64::try_from(product / u128::from(self.stream_millihertz)).unwrap_or(u64::MAX)
    }

    /// Number of host samples for this many stream samples, rounded up.
    #[must_use]
    pub fn host_ceil(self, stream_samples: u64) -> u64 {
        let product = u128::from(stream_samples) * u128::from(self.host_millihertz);
        u64::try_from(product.div_ceil(u128::from(self.stream_millihertz))).unwrap_or(u64::MAX)
    }

    /// The first sample of the stream that is not earlier than a host sample.
    #[must_use]
    pub fn stream_ceil(self, host_sample: u64) -> u64 {
        let product = u128::from(host_sample) * u128::from(self.stream_millihertz);
        u64::try_from(product.div_ceil(u128::from(self.host_millihertz))).unwrap_or(u64::MAX)
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
