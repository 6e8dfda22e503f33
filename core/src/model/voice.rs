//! The unit that is loaded, swapped and dropped as one.

use super::{Encoder, PitchTracker, Synthesizer};
use crate::blend::Target;
use crate::blend::columns::Columns;
use crate::controls::{MAX_TARGETS, SearchParams};

/// How much past the models want to see, and how their embeddings are laid
/// out; part of a pack's manifest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceLayout {
    /// Encoder window in frames of 20 ms, the hop included.
    pub window_frames_50hz: usize,
    /// Frames of 10 ms that the synthesizer is fed before those that sound.
    pub context_frames_100hz: usize,
    /// Columns that do not simply follow the ratio.
    pub columns: Columns,
}

impl Default for VoiceLayout {
    /// What an unknown RVC voice gets: 1 s for the encoder, RVC's 24-frame
    /// lead-in for the synthesizer.
    fn default() -> Self {
        Self {
            window_frames_50hz: 50,
            context_frames_100hz: 24,
            columns: Columns::default(),
        }
    }
}

/// Everything that turns one speaker into another.
pub struct Voice {
    /// What the user knows it by.
    pub name: String,
    /// Content encoder.
    pub encoder: Box<dyn Encoder>,
    /// Pitch tracker.
    pub pitch: Box<dyn PitchTracker>,
    /// Synthesizer.
    pub synthesizer: Box<dyn Synthesizer>,
    /// Voices to retrieve from, at most [`MAX_TARGETS`]; none: the live
    /// embedding is used alone.
    pub targets: Vec<Target>,
    /// Context lengths.
    pub layout: VoiceLayout,
}

/// Parts of a voice that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    /// Encoder and synthesizer disagree.
    #[error(
        "the synthesizer expects {synthesizer}-dimensional embeddings, the encoder makes {encoder}-dimensional ones: choose an encoder made for this voice (256 for RVC v1, 768 for RVC v2)"
    )]
    SynthesizerDimension {
        /// The synthesizer's.
        synthesizer: usize,
        /// The encoder's.
        encoder: usize,
    },
    /// Encoder and index disagree.
    #[error(
        "the index holds {index}-dimensional vectors, the encoder makes {encoder}-dimensional ones: choose the index made with this encoder"
    )]
    IndexDimension {
        /// The index's.
        index: usize,
        /// The encoder's.
        encoder: usize,
    },
    /// More than can be morphed between.
    #[error("{count} targets were chosen: at most 8 can be morphed between")]
    TooManyTargets {
        /// How many.
        count: usize,
    },
    /// The synthesizer's rate has no even number of samples in 5 ms.
    #[error(
        "the synthesizer's sample rate of {rate_hz} Hz is not supported: it must be a multiple of 400 Hz"
    )]
    Rate {
        /// The synthesizer's rate.
        rate_hz: u32,
    },
}

impl Voice {
    /// True if two renders of it are the same, bit for bit.
    #[must_use]
    pub fn is_reproducible(&self) -> bool {
        self.encoder.is_reproducible() && self.synthesizer.is_reproducible()
    }

    /// The widest search that a target makes of one that was asked for.
    #[must_use]
    pub fn max_search(&self, asked: SearchParams) -> SearchParams {
        let searches = self.targets.iter().map(|target| target.search(asked));
        searches.max_by_key(|search| search.n_probe).unwrap_or(asked)
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
        if !rate_hz.is_multiple_of(400) || rate_hz == 0 {
            return Err(VoiceError::Rate { rate_hz });
        }
        Ok(())
    }
}
