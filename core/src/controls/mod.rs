//! The values that ride with the audio.

mod blend;
mod scene;
mod search;

pub use blend::{BlendSettings, Curves, Drive, LevelCurve, Listen, MAX_TARGETS, Morph, VoicingCurve};
pub use scene::{SCENE_NUMBERS, Scene};
pub use search::{MAX_K, SearchParams};

use crate::units::Semitones;

/// Length of the piece of input timeline that one [`ControlFrame`] stands for.
pub const CONTROL_FRAME_MS: u32 = 10;

/// What the user set for a moment of the input timeline, as the worker needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// 0 = live embedding, 1 = retrieved (RVC's `index_rate`).
    pub blend_ratio: f32,
    /// Transposition of the pitch track.
    pub pitch_shift: Semitones,
    /// How to look up neighbours.
    pub search: SearchParams,
    /// 0 = the voice's own level, 1 = the input's level follows through.
    pub loudness_follow: f32,
    /// What makes of the ratio an instrument.
    pub blend: BlendSettings,
    /// What moves the ratio besides its own value.
    pub drive: Drive,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            // What the default pack's words survive; RVC's own habit is 0.75.
            blend_ratio: 0.5,
            pitch_shift: Semitones(0.0),
            search: SearchParams::default(),
            loudness_follow: 0.0,
            blend: BlendSettings::default(),
            drive: Drive::default(),
        }
    }
}

/// [`Controls`] stamped with their place on the input timeline.
///
/// One is sent for every 10 ms of input, in lockstep with the samples. It holds
/// what was set at one sample of them: the one in which the middle of an
/// embedding frame falls ([`crate::geometry::Geometry::frame_middle_host`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlFrame {
    /// Which stream this belongs to: counts resets.
    pub generation: u32,
    /// First sample of the 10 ms, counted at the host's rate since the reset.
    pub position_host: u64,
    /// The controls at the frame's middle.
    pub controls: Controls,
}
