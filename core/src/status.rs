//! What the engine shows of itself: written by audio, worker and loader, read by
//! the editor and by reports. Nothing here decides anything; what does is in
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
    /// What the voice is doing.
    pub voice: VoiceState,
    /// The last problem in words, although the running voice goes on.
    pub message: Option<String>,
    /// What the user should know of the voice that was loaded; no problems.
    pub notes: Vec<String>,
    /// The latency that the host was told.
    pub latency_samples: u32,
    /// The host's rate; 0 while inactive.
    pub host_rate_hz: u32,
    /// The engine's step.
    pub hop_ms: u32,
    /// Compute time over audio time, smoothed over about a second.
    pub real_time_factor: f32,
    /// Interruptions heard since activation.
    pub xruns: u64,
    /// Output samples that came too late since activation.
    pub missing_samples: u64,
    /// Hops that were silence because a model failed or gave no numbers.
    pub failed_hops: u64,
    /// Hops computed.
    pub hops: u64,
    /// The voice's models draw random numbers of their own: two renders of it
    /// are alike, but not the same.
    pub draws_own_noise: bool,
    /// What is left out at present because the machine is too slow for all.
    pub quality: Quality,
    /// How often something more was left out.
    pub quality_steps: u64,
    /// Hops in which something was.
    pub reduced_hops: u64,
    /// Search time per 20 ms frame, smoothed.
    pub search_us_per_frame: f32,
    /// Searches that were cut short or left out, because time was short.
    pub short_searches: u64,
    /// Distance of the newest frame to its nearest neighbour.
    pub neighbour_distance: f32,
    /// Blend ratio of the newest frame.
    pub blend_ratio: f32,
    /// How far the newest frame's neighbours can be relied on, 0..1.
    pub confidence: f32,
    /// Where its distance stands among the target's own, 0..1, up to 2 beyond.
    pub distance_rank: f32,
    /// How far its neighbours agree, 0..1.
    pub agreement: f32,
    /// The voices that can be morphed between, and their recordings.
    pub targets: Vec<TargetInfo>,
    /// The index that is being made, or what became of the last one.
    pub index_work: IndexWork,
}

/// A voice to retrieve from, for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetInfo {
    /// Its name.
    pub name: String,
    /// Its recordings, where they are known.
    pub sources: Vec<String>,
    /// What its index finds by number of probes; empty if that is not known.
    pub recall: RecallTable,
}

/// Progress of making an index; for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IndexWork {
    /// None was asked for.
    #[default]
    None,
    /// It is being made.
    Running {
        /// 0..1.
        fraction: f32,
        /// What is being done, in words.
        what: String,
        /// Time that is left, if it goes on like this.
        left: Option<Duration>,
    },
    /// It is made, and is being loaded.
    Done {
        /// What was made, in a sentence.
        said: String,
    },
    /// It was not made; the voice goes on with the index that it had.
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

    /// Moves a fifth of the way to `value`; jumps from 0.
    pub fn smooth(&self, value: f32) {
        let old = self.load();
        self.store(if old == 0.0 {
            value
        } else {
            old + (value - old) * 0.2
        });
    }
}

/// The cells behind [`EngineStatus`]. The audio thread touches none of the
/// locked ones.
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
    /// See [`EngineStatus::failed_hops`].
    pub failed_hops: AtomicU64,
    /// See [`EngineStatus::hops`].
    pub hops: AtomicU64,
    /// See [`EngineStatus::draws_own_noise`].
    pub draws_own_noise: AtomicBool,
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
    /// See [`EngineStatus::targets`].
    pub targets: Mutex<Vec<TargetInfo>>,
}
