//! What the user can set, as the audio thread needs it.

use crate::controls::Controls;

/// What is heard where no voice can sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenNotReady {
    /// Nothing: a live stream must not leak the speaker's own voice.
    #[default]
    Silence,
    /// The input, delayed by the latency.
    DelayedDry,
}

/// All that the user can set, as it holds from the first sample of a
/// (sub-)block on. Gains, mix and bypass glide from there within 10 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockControls {
    /// What rides with the audio to the worker.
    pub voice: Controls,
    /// 0 = dry, 1 = voice.
    pub dry_wet: f32,
    /// Amplitude factor on the input, dry path included, bypass excluded.
    pub input_gain: f32,
    /// Amplitude factor on the output, bypass excluded.
    pub output_gain: f32,
    /// What is heard where no voice can sound.
    pub when_not_ready: WhenNotReady,
    /// The untouched input, delayed by the latency.
    pub bypass: bool,
    /// Time in which the ratio follows its setting; 0 = exactly.
    pub ratio_glide_ms: f32,
    /// How fast the side chain's level rises.
    pub side_attack_ms: f32,
    /// How fast it falls.
    pub side_release_ms: f32,
}

impl Default for BlockControls {
    fn default() -> Self {
        Self {
            voice: Controls::default(),
            dry_wet: 1.0,
            input_gain: 1.0,
            output_gain: 1.0,
            when_not_ready: WhenNotReady::Silence,
            bypass: false,
            ratio_glide_ms: 0.0,
            side_attack_ms: 5.0,
            side_release_ms: 100.0,
        }
    }
}
