//! Times, results and errors of one hop.

use crate::blend::FrameReport;
use crate::controls::SearchParams;
use crate::model::ModelError;
use crate::retrieval::SearchError;
use crate::stream::{AppliedHop, FrameBlend};
use std::time::{Duration, Instant};

/// Why a hop failed; its output is silence.
#[derive(Debug, thiserror::Error)]
pub enum HopError {
    /// A model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The output was not all finite.
    #[error("the voice produced values that are not numbers")]
    NonFinite,
}

/// Time spent in each stage of a hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Content encoder.
    pub encode: Duration,
    /// Pitch tracker.
    pub pitch: Duration,
    /// Neighbour search.
    pub search: Duration,
    /// Retrieval and blend.
    pub blend: Duration,
    /// Synthesizer.
    pub synthesize: Duration,
    /// Loudness, SOLA, resampling and limiter.
    pub join: Duration,
}

impl StageTimes {
    /// Names and durations, in order of the work.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Duration); 6] {
        [
            ("encode", self.encode),
            ("pitch", self.pitch),
            ("search", self.search),
            ("blend", self.blend),
            ("synthesize", self.synthesize),
            ("join", self.join),
        ]
    }

    /// The sum.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.named().iter().map(|(_, time)| *time).sum()
    }
}

/// Times and results of a hop.
#[derive(Debug, Default)]
pub struct HopReport {
    /// Where the time went.
    pub times: StageTimes,
    /// The input is silent, and the models did not run.
    pub rests: bool,
    /// Frames that were new in this hop.
    pub new_frames: usize,
    /// Ratio of the newest frame.
    pub blend_ratio: f32,
    /// Distance of the newest frame to its nearest neighbour (not squared).
    pub neighbour_distance: Option<f32>,
    /// Confidence in the newest frame's neighbours, 0..1.
    pub confidence: f32,
    /// Rank of its distance among the target's own distances (1 = their largest).
    pub distance_rank: f32,
    /// How far its neighbours agree, 0..1.
    pub agreement: f32,
    /// Searches that were limited or left out because time ran out.
    pub short_searches: u64,
    /// Why retrieval was left out, if it was.
    pub search_error: Option<SearchError>,
    /// The target whose index turned out in this hop to be made with another encoder.
    pub other_encoder: Option<usize>,
    /// The search that the newest frame's controls request.
    pub requested_search: SearchParams,
    /// The speaker's median pitch, once it is known.
    pub speaker_f0_hz: Option<f32>,
    /// The targets' median pitch by their weights, where it is known.
    pub target_f0_hz: Option<f32>,
    /// The blend applied to each of the new frames.
    pub applied: AppliedHop,
}

impl HopReport {
    /// Adds the results of a frame; those of the newest frame replace earlier ones.
    pub(super) fn add_frame(&mut self, number: i64, frame: FrameReport) {
        self.applied.push(FrameBlend {
            frame: number,
            ratio: frame.ratio,
            confidence: frame.confidence,
        });
        self.blend_ratio = frame.ratio;
        self.neighbour_distance = frame.nearest.or(self.neighbour_distance);
        self.confidence = frame.confidence;
        self.distance_rank = frame.rank;
        self.agreement = frame.agreement;
        self.short_searches += frame.short_searches;
        self.other_encoder = frame.other_encoder.or(self.other_encoder);
        self.search_error = frame.search_error.or(self.search_error.take());
    }
}

/// Measures the stages of a hop.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn since_last(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.0;
        self.0 = now;
        lap
    }

    pub fn lap(&mut self, stage: &mut Duration) {
        *stage = self.since_last();
    }
}
