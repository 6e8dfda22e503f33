//! A voice: models and targets that are loaded, swapped and dropped together.

use super::{Encoder, PitchTracker, Synthesizer};
use crate::blend::Target;
use crate::blend::columns::Columns;
use crate::controls::{MAX_TARGETS, SearchParams};

/// Context lengths of the models and column layout of the embeddings; part of a pack's
/// manifest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceLayout {
    /// Encoder window in frames of 20 ms, including the hop.
    pub window_frames_50hz: usize,
    /// Context of the synthesizer in frames of 10 ms.
    pub context_frames_100hz: usize,
    /// Columns with their own share of the ratio.
    pub columns: Columns,
}

impl Default for VoiceLayout {
    /// For RVC voices without a manifest: 1 s for the encoder, RVC's 24 context frames
    /// for the synthesizer.
    fn default() -> Self {
        Self {
            window_frames_50hz: 50,
            context_frames_100hz: 24,
            columns: Columns::default(),
        }
    }
}

/// Rates that a voice may have.
pub const VOICE_RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=96_000;

/// All models and data of a conversion.
pub struct Voice {
    /// Name shown to the user.
    pub name: String,
    /// Content encoder.
    pub encoder: Box<dyn Encoder>,
    /// Pitch tracker.
    pub pitch: Box<dyn PitchTracker>,
    /// Synthesizer.
    pub synthesizer: Box<dyn Synthesizer>,
    /// Targets to retrieve from, at most [`MAX_TARGETS`]; none: the live embedding is
    /// used alone.
    pub targets: Vec<Target>,
    /// Context lengths and columns.
    pub layout: VoiceLayout,
}

/// The delay in microseconds of a synthesizer whose audio at `rate_hz` is so many samples late. Rounded up to 10 ms
/// where 5 ms are no whole number of samples, so that it can be filled up to the delay of a stream.
#[must_use]
pub fn delay_us(late_samples: usize, rate_hz: u32) -> u32 {
    let late_us = (late_samples as u64 * 1_000_000).div_ceil(u64::from(rate_hz.max(1)));
    let late_us = u32::try_from(late_us).unwrap_or(u32::MAX);
    if rate_hz.is_multiple_of(200) {
        late_us
    } else {
        late_us.next_multiple_of(10_000)
    }
}

/// Parts of a voice that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    /// Encoder and synthesizer have different dimensions.
    #[error(
        "the synthesizer expects {synthesizer}-dimensional embeddings, the encoder makes {encoder}-dimensional ones: choose the encoder that this voice was trained with (256 for RVC v1, 768 for RVC v2)"
    )]
    SynthesizerDimension {
        /// The synthesizer's.
        synthesizer: usize,
        /// The encoder's.
        encoder: usize,
    },
    /// Encoder and index have different dimensions.
    #[error(
        "the index holds {index}-dimensional vectors, the encoder makes {encoder}-dimensional ones: choose an index made with this encoder"
    )]
    IndexDimension {
        /// The index's.
        index: usize,
        /// The encoder's.
        encoder: usize,
    },
    /// More targets than can be morphed between.
    #[error("{count} targets are chosen: remove some, at most 8 can be morphed between")]
    TooManyTargets {
        /// Number of chosen targets.
        count: usize,
    },
    /// 10 ms are not a whole number of samples at the synthesizer's rate, or it is out of range.
    #[error(
        "the synthesizer's sample rate of {rate_hz} Hz is not supported: choose a voice whose rate is a multiple of 100 Hz from 8 to 96 kHz"
    )]
    Rate {
        /// The synthesizer's rate.
        rate_hz: u32,
    },
}

impl Voice {
    /// The delay that the voice adds to a stream, in microseconds.
    #[must_use]
    pub fn delay_us(&self) -> u32 {
        let synthesizer = &self.synthesizer;
        delay_us(synthesizer.late_samples(), synthesizer.sample_rate().0)
    }

    /// True if two renders of it are the same, bit for bit.
    #[must_use]
    pub fn is_reproducible(&self) -> bool {
        self.encoder.is_reproducible() && self.synthesizer.is_reproducible()
    }

    /// The requested search, with the probes of the target that needs most.
    #[must_use]
    pub fn max_search(&self, requested: SearchParams) -> SearchParams {
        let searches = self.targets.iter().map(|target| target.search(requested));
        searches.max_by_key(|search| search.n_probe).unwrap_or(requested)
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// See [`VoiceError`].
    pub fn check(&self) -> Result<(), VoiceError> {
        let encoder = self.encoder.dim();
        if self.synthesizer.dim() != encoder {
            return Err(VoiceError::SynthesizerDimension {
                synthesizer: self.synthesizer.dim(),
                encoder,
            });
        }
        for index in self.targets.iter().map(|target| &target.index) {
            if index.dim() != encoder {
                return Err(VoiceError::IndexDimension {
                    index: index.dim(),
                    encoder,
                });
            }
        }
        if self.targets.len() > MAX_TARGETS {
            return Err(VoiceError::TooManyTargets {
                count: self.targets.len(),
            });
        }
        let rate_hz = self.synthesizer.sample_rate().0;
        if !rate_hz.is_multiple_of(100) || !VOICE_RATES_HZ.contains(&rate_hz) {
            return Err(VoiceError::Rate { rate_hz });
        }
        Ok(())
    }
}
