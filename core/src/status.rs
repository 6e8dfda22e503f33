//! State that is only displayed: written by audio, worker and loader, read by the editor and by
//! reports. No decision depends on it; state for decisions is in
//! [`crate::control_state`].

use crate::quality::Quality;
use crate::retrieval::RecallTable;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

pub use crate::control_state::VoiceState;

/// A snapshot for the editor and for reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineStatus {
    /// State of the voice.
    pub voice: VoiceState,
    /// The last problem that did not stop the voice, as a sentence.
    pub message: Option<String>,
    /// Remarks on the loaded voice that are not problems.
    pub notes: Vec<String>,
    /// The latency reported to the host.
    pub latency_samples: u32,
    /// The host's rate; 0 while inactive.
    pub host_rate_hz: u32,
    /// Hop length.
    pub hop_ms: u32,
    /// Compute time over audio time, smoothed over about a second.
    pub real_time_factor: f32,
    /// Real-time priority of the worker's thread: "granted", or "not granted" and why; empty before the first
    /// activation.
    pub priority: String,
    /// Gaps in the output since activation.
    pub xruns: u64,
    /// Output samples that came too late since activation.
    pub missing_samples: u64,
    /// Hops that are silence because a model failed or its output was not finite.
    pub failed_hops: u64,
    /// Hops computed.
    pub hops: u64,
    /// The voice's models draw their own random numbers: two renders differ.
    pub draws_own_noise: bool,
    /// Speakers that the voice has; 0 before the first voice.
    pub speakers: u32,
    /// The current quality.
    pub quality: Quality,
    /// How often quality was reduced.
    pub quality_steps: u64,
    /// Hops computed at reduced quality.
    pub reduced_hops: u64,
    /// Search time per 20 ms frame, smoothed.
    pub search_us_per_frame: f32,
    /// Searches that were limited or left out because time ran out.
    pub short_searches: u64,
    /// Distance of the newest frame to its nearest neighbour.
    pub neighbour_distance: f32,
    /// Blend ratio of the newest frame.
    pub blend_ratio: f32,
    /// Confidence in the newest frame's neighbours, 0..1.
    pub confidence: f32,
    /// Rank of its distance among the target's own, 0..1; up to 2 beyond them.
    pub distance_rank: f32,
    /// How far its neighbours agree, 0..1.
    pub agreement: f32,
    /// The speaker's median pitch; 0 until it is known.
    pub speaker_f0_hz: f32,
    /// The targets' median pitch; 0 where it is not known.
    pub target_f0_hz: f32,
    /// The voices that can be morphed between, and their recordings.
    pub targets: Vec<TargetInfo>,
    /// Progress of making an index, or the result of the last one.
    pub index_work: IndexWork,
}

/// A voice to retrieve from, for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetInfo {
    /// Its name.
    pub name: String,
    /// Its recordings, where they are known.
    pub sources: Vec<String>,
    /// Recall of its index by number of probes; empty if unknown.
    pub recall: RecallTable,
}

/// Progress of making an index; for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IndexWork {
    /// None was requested.
    #[default]
    None,
    /// In progress.
    Running {
        /// 0..1.
        fraction: f32,
        /// What is being done, for the status line.
        what: String,
        /// Estimated time left.
        remaining: Option<Duration>,
    },
    /// Finished; the index is being loaded.
    Done {
        /// What was built, as a sentence.
        summary: String,
    },
    /// Failed; the voice keeps its former index.
    Failed {
        /// Why, in a sentence.
        why: String,
    },
}

/// An `f32` that may be read while it is written.
#[derive(Debug, Default)]
pub struct AtomicF32(AtomicU32);

impl AtomicF32 {
    /// Stores a value.
    pub fn store(&self, value: f32) {
        self.0.store(value.to_bits(), Relaxed);
    }

    /// Reads the value.
    pub fn load(&self) -> f32 {
        f32::from_bits(self.0.load(Relaxed))
    }

    /// One-pole smoothing towards `value` with coefficient 0.2; starts at the first value.
    pub fn smooth(&self, value: f32) {
        let old = self.load();
        self.store(if old == 0.0 {
            value
        } else {
            old + (value - old) * 0.2
        });
    }
}

/// The shared cells behind [`EngineStatus`]. The audio thread uses none of the locked
/// ones.
#[derive(Debug, Default)]
pub struct StatusCells {
    /// See [`EngineStatus::message`].
    pub message: Mutex<Option<String>>,
    /// See [`EngineStatus::notes`].
    pub notes: Mutex<Vec<String>>,
    /// See [`EngineStatus::latency_samples`].
    pub latency_samples: AtomicU32,
    /// See [`EngineStatus::host_rate_hz`].
    pub host_rate_hz: AtomicU32,
    /// See [`EngineStatus::hop_ms`].
    pub hop_ms: AtomicU32,
    /// See [`EngineStatus::real_time_factor`].
    pub real_time_factor: AtomicF32,
    /// See [`EngineStatus::priority`].
    pub priority: Mutex<String>,
    /// See [`EngineStatus::failed_hops`].
    pub failed_hops: AtomicU64,
    /// See [`EngineStatus::hops`].
    pub hops: AtomicU64,
    /// See [`EngineStatus::draws_own_noise`].
    pub draws_own_noise: AtomicBool,
    /// See [`EngineStatus::speakers`].
    pub speakers: AtomicU32,
    /// See [`EngineStatus::quality`]: its step.
    pub quality: AtomicU32,
    /// See [`EngineStatus::quality_steps`].
    pub quality_steps: AtomicU64,
    /// See [`EngineStatus::reduced_hops`].
    pub reduced_hops: AtomicU64,
    /// See [`EngineStatus::search_us_per_frame`].
    pub search_us_per_frame: AtomicF32,
    /// See [`EngineStatus::short_searches`].
    pub short_searches: AtomicU64,
    /// See [`EngineStatus::neighbour_distance`].
    pub neighbour_distance: AtomicF32,
    /// See [`EngineStatus::blend_ratio`].
    pub blend_ratio: AtomicF32,
    /// See [`EngineStatus::confidence`].
    pub confidence: AtomicF32,
    /// See [`EngineStatus::distance_rank`].
    pub distance_rank: AtomicF32,
    /// See [`EngineStatus::agreement`].
    pub agreement: AtomicF32,
    /// See [`EngineStatus::speaker_f0_hz`].
    pub speaker_f0_hz: AtomicF32,
    /// See [`EngineStatus::target_f0_hz`].
    pub target_f0_hz: AtomicF32,
    /// See [`EngineStatus::targets`].
    pub targets: Mutex<Vec<TargetInfo>>,
}
