//! The plugin's parameters, as a table.
//!
//! Ids are part of every saved session and of every automation lane: new ones may
//! be added, but none may be changed or reused. Nothing here is smoothed: the engine
//! smooths by sample position, so that the output does not depend on the host's
//! block size.

mod blend;
mod input;
mod pitch;
mod ranges;
mod scale;
mod text;

pub use blend::{BlendParams, ListenParam, MorphByParam, WeightingParam};
pub use input::{GateParam, InputParam};
pub use pitch::PitchParams;
pub use scale::{KeyParam, ScaleParam};
pub use text::{ParamText, SetError};

use crate::session::FormatField;
use crate::state::VoiceField;
use nice_plug::prelude::*;
use ranges::{decibels, part, percent, semitones};
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::geometry::Hop;
use voxmeld_core::retrieval::{MAX_K, SearchParams};
use voxmeld_core::rt::{BlockControls, WhenNotReady};
use voxmeld_core::units::{Decibels, Semitones};

/// Largest number of a speaker: RVC's voices have up to 109.
const MAX_SPEAKER: i32 = 127;
/// Largest value of `n_probe`.
const MAX_N_PROBE: i32 = 64;

/// Everything that a host shows, automates and saves, and the chosen voice.
#[derive(Params)]
pub struct VoxmeldParams {
    /// 0 % = live embedding, 100 % = retrieved (RVC's `index_rate`).
    #[id = "blend_ratio"]
    pub blend_ratio: FloatParam,
    /// Transposition of the voice.
    #[id = "pitch_shift"]
    pub pitch_shift: FloatParam,
    /// Number of the speaker, from 0, of voices with several.
    #[id = "speaker"]
    pub speaker: IntParam,
    /// 0 % = delayed input, 100 % = converted voice.
    #[id = "dry_wet"]
    pub dry_wet: FloatParam,
    /// Gain before the engine.
    #[id = "input_gain"]
    pub input_gain: FloatParam,
    /// Gain after the engine.
    #[id = "output_gain"]
    pub output_gain: FloatParam,
    /// Inverted lists searched per frame.
    #[id = "n_probe"]
    pub n_probe: IntParam,
    /// On: as many lists as the index's recall table recommends, instead of `n_probe`.
    #[id = "auto_probes"]
    pub auto_probes: BoolParam,
    /// Neighbours averaged per frame.
    #[id = "k"]
    pub k: IntParam,
    /// 0 % = the voice's own level, 100 % = the input's.
    #[id = "loudness_follow"]
    pub loudness_follow: FloatParam,
    /// Output while no voice is ready.
    #[id = "when_not_ready"]
    pub when_not_ready: EnumParam<WhenNotReadyParam>,
    /// Step of the engine; sets the latency, so a change restarts the plugin.
    #[id = "hop"]
    pub hop: EnumParam<HopParam>,
    /// Largest block that the latency allows for; a change restarts the plugin.
    #[id = "host_block"]
    pub host_block: EnumParam<HostBlockParam>,
    /// Latency added as a margin for a late worker; a change restarts the plugin.
    #[id = "safety_buffer"]
    pub safety_buffer: IntParam,
    /// What of a stereo input the voice gets.
    #[id = "input"]
    pub input: EnumParam<InputParam>,
    /// Gates noise between words.
    #[id = "gate"]
    pub gate: EnumParam<GateParam>,
    /// Suppresses noise, also under words; adds 20 ms of latency, so a change restarts the plugin.
    #[id = "noise_suppression"]
    pub noise_suppression: BoolParam,
    /// RVC voices from their weights in 8 bits; a change restarts the plugin.
    #[id = "eight_bits"]
    pub eight_bits: BoolParam,
    /// The host's bypass: the delayed input, at the same latency.
    #[id = "bypass"]
    pub bypass: BoolParam,

    /// Everything else about blending.
    #[nested(group = "Blend")]
    pub blend: BlendParams,

    /// Everything else about the pitch.
    #[nested(group = "Pitch")]
    pub pitch: PitchParams,

    /// The chosen voice: saved with the session, not a parameter.
    #[persist = "voice"]
    pub voice: VoiceField,
    /// Format of the saved session.
    #[persist = "format"]
    pub format: FormatField,
}

/// [`WhenNotReady`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNotReadyParam {
    /// Silence: a live stream must not leak the speaker's own voice.
    #[id = "silence"]
    #[name = "Silence"]
    Silence,
    /// The input, at the plugin's latency.
    #[id = "delayed_dry"]
    #[name = "Delayed dry"]
    DelayedDry,
}

/// [`Hop`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum HopParam {
    #[id = "20"]
    #[name = "20 ms"]
    Ms20,
    #[id = "40"]
    #[name = "40 ms"]
    Ms40,
    #[id = "60"]
    #[name = "60 ms"]
    Ms60,
    #[id = "80"]
    #[name = "80 ms"]
    Ms80,
    #[id = "120"]
    #[name = "120 ms"]
    Ms120,
    #[id = "160"]
    #[name = "160 ms"]
    Ms160,
    #[id = "240"]
    #[name = "240 ms"]
    Ms240,
}

impl From<HopParam> for Hop {
    fn from(hop: HopParam) -> Self {
        match hop {
            HopParam::Ms20 => Self::Ms20,
            HopParam::Ms40 => Self::Ms40,
            HopParam::Ms60 => Self::Ms60,
            HopParam::Ms80 => Self::Ms80,
            HopParam::Ms120 => Self::Ms120,
            HopParam::Ms160 => Self::Ms160,
            HopParam::Ms240 => Self::Ms240,
        }
    }
}

/// Largest block, in samples, that the latency allows for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum HostBlockParam {
    /// At first the block size that the host declares, then the one that it plays.
    #[id = "auto"]
    Auto,
    #[id = "64"]
    #[name = "64"]
    B64,
    #[id = "128"]
    #[name = "128"]
    B128,
    #[id = "256"]
    #[name = "256"]
    B256,
    #[id = "512"]
    #[name = "512"]
    B512,
    #[id = "1024"]
    #[name = "1024"]
    B1024,
    #[id = "2048"]
    #[name = "2048"]
    B2048,
    #[id = "4096"]
    #[name = "4096"]
    B4096,
    #[id = "8192"]
    #[name = "8192"]
    B8192,
}

impl HostBlockParam {
    /// Samples; `None` where the plugin measures.
    #[must_use]
    pub fn samples(self) -> Option<usize> {
        match self {
            Self::Auto => None,
            Self::B64 => Some(64),
            Self::B128 => Some(128),
            Self::B256 => Some(256),
            Self::B512 => Some(512),
            Self::B1024 => Some(1_024),
            Self::B2048 => Some(2_048),
            Self::B4096 => Some(4_096),
            Self::B8192 => Some(8_192),
        }
    }
}

impl VoxmeldParams {
    /// The parameters at their defaults; the voice is that of `engine`.
    #[must_use]
    pub fn new(engine: EngineHandle) -> Self {
        let max_k = i32::try_from(MAX_K).unwrap_or(64);
        Self {
            blend_ratio: percent("Blend ratio", 50.0),
            pitch_shift: semitones("Pitch shift", 24.0),
            speaker: IntParam::new(
                "Speaker",
                0,
                IntRange::Linear {
                    min: 0,
                    max: MAX_SPEAKER,
                },
            ),
            dry_wet: percent("Dry/wet", 100.0),
            input_gain: decibels("Input gain"),
            output_gain: decibels("Output gain"),
            n_probe: IntParam::new(
                "Probes",
                1,
                IntRange::Linear {
                    min: 1,
                    max: MAX_N_PROBE,
                },
            ),
            auto_probes: BoolParam::new("Auto probes", false),
            k: IntParam::new("Neighbours", 8, IntRange::Linear { min: 1, max: max_k }),
            loudness_follow: percent("Loudness follow", 0.0),
            when_not_ready: EnumParam::new("When not ready", WhenNotReadyParam::Silence),
            hop: EnumParam::new("Hop", HopParam::Ms20).non_automatable(),
            host_block: EnumParam::new("Host block", HostBlockParam::Auto).non_automatable(),
            safety_buffer: IntParam::new("Safety buffer", 0, IntRange::Linear { min: 0, max: 200 })
                .with_unit(" ms")
                .non_automatable(),
            input: EnumParam::new("Input", InputParam::Auto),
            gate: EnumParam::new("Gate", GateParam::Gentle),
            noise_suppression: BoolParam::new("Noise suppression", false).non_automatable(),
            eight_bits: BoolParam::new("RVC in 8 bits", false).non_automatable(),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            blend: BlendParams::default(),
            pitch: PitchParams::default(),
            voice: VoiceField::new(engine),
            format: FormatField::default(),
        }
    }

    /// Sets the output parameters to the values (0..1) of the frame that is being output.
    ///
    /// # Real-time
    /// Atomic stores.
    pub fn publish(&self, ratio: f32, confidence: f32) {
        for (param, value) in [
            (&self.blend.out_ratio, ratio),
            (&self.blend.out_confidence, confidence),
        ] {
            // SAFETY: the parameter lives; nothing but atomics is stored.
            unsafe {
                param
                    .as_ptr()
                    ._internal_set_normalized_value(value.clamp(0.0, 1.0))
            };
        }
    }

    /// The values of this moment, in the engine's units.
    ///
    /// # Real-time
    /// Atomic loads and arithmetic only.
    #[must_use]
    pub fn controls(&self) -> BlockControls {
        let mut voice = Controls {
            blend_ratio: self.blend_ratio.value() / 100.0,
            pitch_shift: Semitones(self.pitch_shift.value()),
            pitch: self.pitch.settings(),
            speaker: usize::try_from(self.speaker.value()).unwrap_or(0),
            search: SearchParams {
                k: count(self.k.value()),
                n_probe: count(self.n_probe.value()),
                auto_probes: self.auto_probes.value(),
                ..SearchParams::default()
            },
            loudness_follow: self.loudness_follow.value() / 100.0,
            gate: self.gate.value().into(),
            ..Controls::default()
        };
        self.blend.apply(&mut voice);
        voice.drive.pressure = part(&self.pitch.pressure);
        voice.drive.pressure_depth = part(&self.pitch.pressure_depth);
        BlockControls {
            voice,
            input: self.input.value().into(),
            dry_wet: self.dry_wet.value() / 100.0,
            input_gain: Decibels(self.input_gain.value()).amplitude(),
            output_gain: Decibels(self.output_gain.value()).amplitude(),
            when_not_ready: match self.when_not_ready.value() {
                WhenNotReadyParam::Silence => WhenNotReady::Silence,
                WhenNotReadyParam::DelayedDry => WhenNotReady::DelayedDry,
            },
            bypass: self.bypass.value(),
            ratio_glide_ms: self.blend.ratio_glide.value(),
            note_glide_ms: self.pitch.midi_glide.value(),
            note_bend_st: self.pitch.bend_st(),
            side_attack_ms: self.blend.side_attack.value(),
            side_release_ms: self.blend.side_release.value(),
        }
    }
}

fn count(value: i32) -> usize {
    usize::try_from(value).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests;
