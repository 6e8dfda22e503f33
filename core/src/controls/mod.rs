//! Settings that travel with the audio.

mod blend;
mod gate;
mod pitch;
mod scale;
mod scene;
mod search;

pub use blend::{
    BlendSettings, Curves, Drive, LevelCurve, Listen, MAX_TARGETS, Morph, Temperature, VoicingCurve,
    Weighting, WeightingKind,
};
pub use gate::Gate;
pub use pitch::PitchSettings;
pub use scale::{Scale, Snap};
pub use scene::{SCENE_NUMBERS, Scene};
pub use search::{MAX_K, SearchParams};

use crate::units::Semitones;

/// Length of input that one [`ControlFrame`] covers.
pub const CONTROL_FRAME_MS: u32 = 10;

/// The user's settings at one sample of the input timeline, as the worker needs them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// 0 = live embedding, 1 = retrieved (RVC's `index_rate`).
    pub blend_ratio: f32,
    /// Transposition of the pitch track.
    pub pitch_shift: Semitones,
    /// Corrections of the pitch track.
    pub pitch: PitchSettings,
    /// Number of the speaker, from 0; of voices with fewer, the last.
    pub speaker: usize,
    /// How neighbours are searched.
    pub search: SearchParams,
    /// 0 = the voice's own level, 1 = the input's level.
    pub loudness_follow: f32,
    /// The input gate.
    pub gate: Gate,
    /// Trust, curves, morph, continuity, listen mode.
    pub blend: BlendSettings,
    /// Side chain and modulation wheel, added to the ratio.
    pub drive: Drive,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            // Up to here speech of the default pack stays intelligible; RVC's default is 0.75.
            blend_ratio: 0.5,
            pitch_shift: Semitones(0.0),
            pitch: PitchSettings::default(),
            speaker: 0,
            search: SearchParams::default(),
            loudness_follow: 0.0,
            gate: Gate::Gentle,
            blend: BlendSettings::default(),
            drive: Drive::default(),
        }
    }
}

/// [`Controls`] with their position on the input timeline.
///
/// One is sent for every 10 ms of input, together with the samples. It holds the
/// settings at one of these samples: the one at the middle of an embedding frame
/// ([`crate::geometry::Geometry::frame_middle_host`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlFrame {
    /// The stream it belongs to: counts resets.
    pub generation: u32,
    /// First sample of the 10 ms, counted at the host's rate since the reset.
    pub position_host: u64,
    /// The controls at the frame's middle.
    pub controls: Controls,
}
