//! All settings, as the audio thread needs them.

use super::input_mix::InputChoice;
use crate::controls::Controls;

/// Output while no voice is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenNotReady {
    /// Silence: a live stream must not leak the speaker's own voice.
    #[default]
    Silence,
    /// The input, delayed by the latency.
    DelayedDry,
}

/// All settings, from the first sample of a (sub-)block on. Gains, mix and bypass glide
/// to them within 10 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockControls {
    /// Settings that travel with the audio to the worker.
    pub voice: Controls,
    /// The part of a stereo input that the voice gets; the dry path stays stereo.
    pub input: InputChoice,
    /// 0 = dry, 1 = voice.
    pub dry_wet: f32,
    /// Amplitude factor on the input, dry path included, bypass excluded.
    pub input_gain: f32,
    /// Amplitude factor on the output, bypass excluded.
    pub output_gain: f32,
    /// Output while no voice is ready.
    pub when_not_ready: WhenNotReady,
    /// Output the unchanged input, delayed by the latency.
    pub bypass: bool,
    /// Glide time of the ratio; 0 = none.
    pub ratio_glide_ms: f32,
    /// Glide time from one held note to the next; 0 = none. The note is that of `voice.pitch`, without the bend.
    pub note_glide_ms: f32,
    /// Semitones by which the note is bent.
    pub note_bend_st: f32,
    /// Attack time of the side chain's level.
    pub side_attack_ms: f32,
    /// Its release time.
    pub side_release_ms: f32,
}

impl Default for BlockControls {
    fn default() -> Self {
        Self {
            voice: Controls::default(),
            input: InputChoice::Auto,
            dry_wet: 1.0,
            input_gain: 1.0,
            output_gain: 1.0,
            when_not_ready: WhenNotReady::Silence,
            bypass: false,
            ratio_glide_ms: 0.0,
            note_glide_ms: 0.0,
            note_bend_st: 0.0,
            side_attack_ms: 5.0,
            side_release_ms: 100.0,
        }
    }
}
