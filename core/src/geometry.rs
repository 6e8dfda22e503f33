//! Every length of the engine, derived once from (host rate, hop, block).
//!
//! The stream works in pieces of 10 ms. If these are a whole number of samples at the host's rate, the stream runs at that rate. If
//! not (22.05 kHz), it runs at the next multiple of 400 Hz, and the audio thread converts in both directions
//! ([`crate::rt`]); lengths named `_host` are then samples of the stream's rate, and [`Geometry::latency_samples`] is still in
//! samples of the host.
//!
//! Look-ahead and resampler delays are the same for all voices, so that a swap changes nothing for the host. Only
//! full-size RVC voices from their weights add a [delay](Geometry::with_voice_delay_us) of 10 to 20 ms; in a stream with
//! it all voices are delayed by it. Joins add no latency: see [`HELD_FRAMES_100HZ`].
//!
//! ```text
//! host position p --> resampler --> 16 kHz stream --> encoder frames --> synthesis --> SOLA --> resampler --> p + latency
//!       collect one hop | resample | 5 ms conv tail | look-ahead | resample | compute | one host block
//! ```

// Found by its path too where tests include this file by its own.
#[path = "geometry/voice_delay.rs"]
mod voice_delay;

pub use voice_delay::MAX_VOICE_DELAY_MS;

use crate::dsp::half_sample::WHOLE_SAMPLES;
use crate::dsp::{interpolate, sola};
use crate::units::{ENCODER_RATE, RateConversion, SampleRate};

/// Samples at 16 kHz from one embedding frame to the next (20 ms).
pub const FRAME_STEP_16K: usize = 320;
/// Receptive field of one embedding frame in samples at 16 kHz (25 ms).
pub const FRAME_FIELD_16K: usize = 400;
/// The part of a frame's field that lies beyond its own 20 ms (5 ms).
pub const FRAME_TAIL_16K: usize = FRAME_FIELD_16K - FRAME_STEP_16K;
/// Look-ahead of the encoder beyond the newest frame used.
pub const LOOKAHEAD_FRAMES_50HZ: usize = 1;
/// 10 ms frames that are synthesized beyond a hop with its last embedding and
/// pitch held, as in RVC's real-time loop. The next hop is cross-faded over them, so
/// the join adds no latency; they last at least [`HELD_MS`].
pub const HELD_FRAMES_100HZ: usize = 2;
/// Length of the held frames that SOLA uses: its fade and half its search range.
pub const HELD_MS: u32 = sola::FADE_MS + sola::SEARCH_MS / 2;
const _: () = assert!(
    HELD_MS as usize <= 10 * HELD_FRAMES_100HZ,
    "held frames must cover the join"
);

/// Delay of the noise suppression: one embedding frame, so that frames keep their positions
/// (`worker/suppression.rs`).
pub const SUPPRESSION_MS: u32 = 20;

/// Hop length: how much input is gathered before it is computed.
///
/// A longer hop costs latency and saves work, since the encoder and the
/// synthesizer repeat their context at every hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hop {
    /// 20 ms: the default pack's.
    #[default]
    Ms20,
    /// 40 ms.
    Ms40,
    /// 60 ms.
    Ms60,
    /// 80 ms.
    Ms80,
    /// 120 ms.
    Ms120,
    /// 160 ms.
    Ms160,
    /// 240 ms: for full-size RVC voices on a CPU.
    Ms240,
}

impl Hop {
    /// All of them, shortest first.
    pub const ALL: [Self; 7] = [
        Self::Ms20,
        Self::Ms40,
        Self::Ms60,
        Self::Ms80,
        Self::Ms120,
        Self::Ms160,
        Self::Ms240,
    ];

    /// Its length.
    #[must_use]
    pub const fn ms(self) -> u32 {
        match self {
            Self::Ms20 => 20,
            Self::Ms40 => 40,
            Self::Ms60 => 60,
            Self::Ms80 => 80,
            Self::Ms120 => 120,
            Self::Ms160 => 160,
            Self::Ms240 => 240,
        }
    }

    /// Embedding frames in one hop.
    #[must_use]
    pub const fn frames_50hz(self) -> usize {
        (self.ms() / 20) as usize
    }

    /// Time budget of the worker for a hop, part of the latency.
    #[must_use]
    pub const fn budget_ms(self) -> u32 {
        self.ms()
    }
}

/// A host set-up that the engine does not support; the text is shown to the user.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// The rate is out of range.
    #[error(
        "Voxmeld does not run at {rate_hz} Hz: choose a rate from 8 to 384 kHz in the host, for example 48 kHz"
    )]
    Rate {
        /// The host's rate.
        rate_hz: f64,
    },
    /// The largest block is too large.
    #[error(
        "the host announced blocks of up to {max_block} samples; Voxmeld supports up to 65536: choose a smaller buffer size in the host"
    )]
    Block {
        /// The host's largest block.
        max_block: usize,
    },
}

/// Supported rates of hosts.
pub const HOST_RATES_HZ: std::ops::RangeInclusive<f64> = 8_000.0..=384_000.0;

/// All lengths of one activation. Fields say their rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The stream's rate: the host's, unless there is a [`Self::conversion`].
    pub host_rate: SampleRate,
    /// From the host's rate to the stream's; only if 10 ms are not a whole number of host samples.
    pub conversion: Option<RateConversion>,
    /// Hop length.
    pub hop: Hop,
    /// The largest block that reaches the stream at once.
    pub max_block_host: usize,
    /// One hop at the host's rate.
    pub hop_host: usize,
    /// One hop at 16 kHz.
    pub hop_16k: usize,
    /// One control frame (10 ms) at the host's rate.
    pub tick_host: usize,
    /// Control frames in one hop.
    pub ticks_per_hop: usize,
    /// Chunk length of the resamplers: 5 ms where the rate allows, else 10.
    pub resample_chunk_ms: u32,
    /// Latency added by the user's setting as a margin for late hops.
    pub safety_host: usize,
    /// Delay of the noise suppression; 0 without it.
    pub suppression_ms: u32,
    /// Largest delay of a voice that fits into the stream.
    pub voice_delay_ms: u32,
}

impl Geometry {
    /// Derives all lengths.
    ///
    /// # Errors
    /// If the host's rate or block size is not supported; see [`GeometryError`].
    pub fn new(host_rate_hz: f64, hop: Hop, max_block_host: usize) -> Result<Self, GeometryError> {
        let unsupported = GeometryError::Rate {
            rate_hz: host_rate_hz,
        };
        if !HOST_RATES_HZ.contains(&host_rate_hz) {
            return Err(unsupported);
        }
        let host_rate = SampleRate::with_whole_10_ms(host_rate_hz);
        let whole = f64::from(host_rate.0).to_bits() == host_rate_hz.to_bits();
        let conversion = (!whole).then(|| RateConversion::new(host_rate_hz, host_rate));
        let (Some(tick_host), Some(hop_host)) =
            (host_rate.samples_in_ms(10), host_rate.samples_in_ms(hop.ms()))
        else {
            return Err(unsupported);
        };
        if max_block_host > 65_536 {
            return Err(GeometryError::Block {
                max_block: max_block_host,
            });
        }
        let Some(hop_16k) = ENCODER_RATE.samples_in_ms(hop.ms()) else {
            return Err(unsupported);
        };
        let max_block_host = conversion.map_or(max_block_host, |conversion| {
            usize::try_from(conversion.stream_ceil(max_block_host as u64)).unwrap_or(usize::MAX)
        });
        Ok(Self {
            host_rate,
            conversion,
            hop,
            max_block_host: max_block_host.max(1),
            hop_host,
            hop_16k,
            tick_host,
            ticks_per_hop: hop_host / tick_host,
            resample_chunk_ms: if host_rate.0.is_multiple_of(200) { 5 } else { 10 },
            safety_host: 0,
            suppression_ms: 0,
            voice_delay_ms: 0,
        })
    }

    /// Adds this much latency as a margin for late hops (at most 200 ms, rounded to whole
    /// samples).
    #[must_use]
    pub fn with_safety_ms(mut self, safety_ms: u32) -> Self {
        self.safety_host = self.tick_host * safety_ms.min(200) as usize / 10;
        self
    }

    /// Adds noise suppression in front of the encoder, which delays by one embedding frame.
    #[must_use]
    pub fn with_noise_suppression(mut self, suppresses: bool) -> Self {
        self.suppression_ms = if suppresses { SUPPRESSION_MS } else { 0 };
        self
    }

    /// Adds latency up to a total of `latency_samples`; `None` if the latency is already larger.
    #[must_use]
    pub fn padded_to(mut self, latency_samples: usize) -> Option<Self> {
        // The stream's samples are never longer than the host's, so this is not too much, and single ones fill it up.
        self.safety_host += latency_samples.checked_sub(self.latency_samples())?;
        while self.latency_samples() < latency_samples {
            self.safety_host += 1;
        }
        (self.latency_samples() == latency_samples).then_some(self)
    }

    /// Delay from the input timeline to the content of the worker's stream:
    /// both resamplers (half a chunk each), the tail of the encoder's field and
    /// its look-ahead, the noise suppression, and the voice's delay.
    #[must_use]
    pub fn algorithmic_latency_ms(&self) -> u32 {
        let lookahead_ms = u32::try_from(LOOKAHEAD_FRAMES_50HZ).unwrap_or(0) * 20;
        let tail_ms = 5;
        self.resample_chunk_ms + tail_ms + lookahead_ms + self.suppression_ms + self.voice_delay_ms
    }

    /// Delay from the first sample of a hop to the sample at which it is played: the
    /// hop, the time to compute it, and one host block, because a hop that ends inside
    /// a block reaches the worker only with the whole block and can be played only in
    /// later blocks.
    #[must_use]
    pub fn buffering_latency_host(&self) -> usize {
        let budget_host = self.hop_host * (self.hop.budget_ms() as usize) / (self.hop.ms() as usize);
        self.hop_host + budget_host + self.max_block_host + self.safety_host
    }

    /// Samples at the beginning of the worker's stream that contain no input yet, because the input is delayed
    /// by more than that.
    #[must_use]
    pub fn before_input_host(&self) -> usize {
        self.stream_latency_host() - self.buffering_latency_host()
    }

    /// The sample of each 10 ms of input at the middle of an embedding frame: controls
    /// are read there. The frame's 25 ms field ends 5 ms after its 20 ms on the 16 kHz
    /// stream, so its middle is 7.5 ms after their beginning; the stream is delayed by
    /// half a resampler chunk, and by the delay that makes the latency a whole number.
    #[must_use]
    pub fn frame_middle_host(&self) -> usize {
        let added = if self.adds_half_sample() { WHOLE_SAMPLES } else { 0 };
        self.tick_host * (15 - self.resample_chunk_ms as usize) / 20 - added
    }

    /// Twice the delay of [`Self::algorithmic_latency_ms`] in samples of the host: at
    /// 44.1 kHz 5 ms are not a whole number of samples, and a resampler whose chunk is
    /// an odd number of samples is half a sample early.
    fn twice_algorithmic_latency_host(&self) -> usize {
        let chunk_host = self.tick_host * self.resample_chunk_ms as usize / 10;
        2 * self.tick_host * (self.algorithmic_latency_ms() as usize) / 10 - chunk_host % 2
    }

    /// True where half a sample must be added for the latency to be a whole
    /// number of samples: see [`crate::dsp::half_sample`].
    #[must_use]
    pub fn adds_half_sample(&self) -> bool {
        !self.twice_algorithmic_latency_host().is_multiple_of(2)
    }

    /// The latency of the stream, in its samples; constant, and exact to the sample.
    #[must_use]
    pub fn stream_latency_host(&self) -> usize {
        let added = if self.adds_half_sample() {
            2 * WHOLE_SAMPLES + 1
        } else {
            0
        };
        (self.twice_algorithmic_latency_host() + added) / 2 + self.buffering_latency_host()
    }

    /// The latency to report, in samples of the host; constant, and exact to the sample. A conversion of rates adds
    /// half of its filter on the way in, half on the way out, and what makes the sum a whole number: its output is
    /// interpolated at exactly that delay.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        let stream = self.stream_latency_host();
        self.conversion.map_or(stream, |conversion| {
            let out = conversion.host_ceil((stream + interpolate::HALF) as u64);
            interpolate::HALF + usize::try_from(out).unwrap_or(usize::MAX)
        })
    }

    /// 10 ms in samples of the host, rounded: the length of ramps.
    #[must_use]
    pub fn ramp_samples(&self) -> usize {
        self.conversion.map_or(self.tick_host, |conversion| {
            usize::try_from(conversion.host_ceil(self.tick_host as u64)).unwrap_or(usize::MAX)
        })
    }

    /// The latency in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let samples = self.latency_samples() as f64;
        samples * 1000.0
            / self
                .conversion
                .map_or(f64::from(self.host_rate.0), RateConversion::host_rate_hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Literal latencies, so that none changes by accident.
    /// (rate, hop, max block, samples)
    const TABLE: &[(f64, Hop, usize, usize)] = &[
        (44_100.0, Hop::Ms20, 512, 882 + 882 + 512 + 1_543),
        (48_000.0, Hop::Ms20, 480, 960 + 960 + 480 + 1_440),
        (48_000.0, Hop::Ms20, 64, 960 + 960 + 64 + 1_440),
        (88_200.0, Hop::Ms20, 512, 1_764 + 1_764 + 512 + 2_646 + 7),
        (96_000.0, Hop::Ms20, 512, 1_920 + 1_920 + 512 + 2_880),
        (176_400.0, Hop::Ms20, 512, 3_528 + 3_528 + 512 + 5_292),
        (192_000.0, Hop::Ms20, 512, 3_840 + 3_840 + 512 + 5_760),
        (48_000.0, Hop::Ms40, 512, 1_920 + 1_920 + 512 + 1_440),
        (48_000.0, Hop::Ms240, 512, 11_520 + 11_520 + 512 + 1_440),
        (32_000.0, Hop::Ms20, 320, 640 + 640 + 320 + 960),
        (8_000.0, Hop::Ms20, 64, 160 + 160 + 64 + 240),
    ];

    #[test]
    fn a_safety_buffer_adds_exactly_its_length() {
        for (rate, safety_ms, samples) in [
            (48_000.0, 0, 0),
            (48_000.0, 50, 2_400),
            (44_100.0, 10, 441),
            (48_000.0, 999, 9_600),
        ] {
            let plain = Geometry::new(rate, Hop::Ms20, 480).expect("a supported set-up");
            let added = plain.clone().with_safety_ms(safety_ms);
            assert_eq!(added.latency_samples() - plain.latency_samples(), samples);
        }
    }

    #[test]
    fn a_shorter_hop_padded_to_the_latency_of_a_longer_one_has_exactly_that() {
        for rate_hz in [44_100.0, 11_025.0, 47_952.0] {
            let geometry = |hop| Geometry::new(rate_hz, hop, 480).expect("a supported set-up");
            let long = geometry(Hop::Ms40).latency_samples();
            let padded = geometry(Hop::Ms20).padded_to(long).expect("it fits");
            assert_eq!(padded.latency_samples(), long, "{rate_hz} Hz");
            assert_eq!(geometry(Hop::Ms60).padded_to(long), None, "{rate_hz} Hz");
        }
    }

    #[test]
    fn latency_equals_the_table_of_literal_values() {
        for &(rate, hop, block, samples) in TABLE {
            let geometry = Geometry::new(rate, hop, block).expect("a supported set-up");
            assert_eq!(geometry.latency_samples(), samples, "{rate} Hz, {hop:?}, {block}");
        }
    }

    #[test]
    fn rates_below_8_and_above_384_khz_are_rejected_with_the_range() {
        for rate in [0.0, 7_999.0, 384_001.0, -48_000.0, f64::NAN, f64::INFINITY] {
            let error = Geometry::new(rate, Hop::Ms20, 512).expect_err("unsupported");
            assert!(error.to_string().contains("from 8 to 384 kHz"), "{error}");
        }
        for rate in [8_000.0, 8_000.5, 383_999.9, 384_000.0] {
            assert!(Geometry::new(rate, Hop::Ms20, 512).is_ok(), "{rate}");
        }
    }
}
