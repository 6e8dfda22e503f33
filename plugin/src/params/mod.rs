//! The plugin's parameters, as a table.
//!
//! Ids are part of every saved session and of every automation lane: they may
//! be added to, never changed or reused. Nothing here is smoothed: the engine
//! smooths by sample position, so that the sound does not depend on the host's
//! block size.

mod blend;

pub use blend::{BlendParams, ListenParam, MorphByParam};

use crate::state::VoiceField;
use nice_plug::prelude::*;
use std::sync::Arc;
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::geometry::Hop;
use voxmeld_core::retrieval::{MAX_K, SearchParams};
use voxmeld_core::rt::{BlockControls, WhenNotReady};
use voxmeld_core::units::{Decibels, Semitones};

/// Largest number of inverted lists that can be asked for.
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
    /// 0 % = delayed input, 100 % = converted voice.
    #[id = "dry_wet"]
    pub dry_wet: FloatParam,
    /// Gain before the engine.
    #[id = "input_gain"]
    pub input_gain: FloatParam,
    /// Gain after the engine.
    #[id = "output_gain"]
    pub output_gain: FloatParam,
    /// Inverted lists visited per frame.
    #[id = "n_probe"]
    pub n_probe: IntParam,
    /// Neighbours averaged per frame.
    #[id = "k"]
    pub k: IntParam,
    /// 0 % = the voice's own level, 100 % = the input's.
    #[id = "loudness_follow"]
    pub loudness_follow: FloatParam,
    /// What is heard while no voice is ready.
    #[id = "when_not_ready"]
    pub when_not_ready: EnumParam<WhenNotReadyParam>,
    /// Step of the engine; sets the latency, so a change restarts the plugin.
    #[id = "hop"]
    pub hop: EnumParam<HopParam>,
    /// The host's bypass: the delayed input, at the same latency.
    #[id = "bypass"]
    pub bypass: BoolParam,

    /// Everything else about blending.
    #[nested(group = "Blend")]
    pub blend: BlendParams,

    /// The chosen voice: saved with the session, not a parameter.
    #[persist = "voice"]
    pub voice: VoiceField,
}

/// [`WhenNotReady`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNotReadyParam {
    /// Nothing: a live stream must not leak the speaker's own voice.
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

impl VoxmeldParams {
    /// The parameters at their defaults; the voice is that of `engine`.
    #[must_use]
    pub fn new(engine: EngineHandle) -> Self {
        let max_k = i32::try_from(MAX_K).unwrap_or(64);
        Self {
            blend_ratio: percent("Blend ratio", 50.0),
            pitch_shift: FloatParam::new(
                "Pitch shift",
                0.0,
                FloatRange::Linear {
                    min: -24.0,
                    max: 24.0,
                },
            )
            .with_unit(" st")
            .with_value_to_string(formatters::v2s_f32_rounded(2)),
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
            k: IntParam::new("Neighbours", 8, IntRange::Linear { min: 1, max: max_k }),
            loudness_follow: percent("Loudness follow", 0.0),
            when_not_ready: EnumParam::new("When not ready", WhenNotReadyParam::Silence),
            hop: EnumParam::new("Hop", HopParam::Ms20).non_automatable(),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            blend: BlendParams::default(),
            voice: VoiceField::new(engine),
        }
    }

    /// Tells the newest frame's numbers (0..1 each) in the parameters made for that.
    ///
    /// # Real-time
    /// Atomic stores.
    pub fn tell(&self, ratio: f32, confidence: f32) {
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
            search: SearchParams {
                k: count(self.k.value()),
                n_probe: count(self.n_probe.value()),
                ..SearchParams::default()
            },
            loudness_follow: self.loudness_follow.value() / 100.0,
            ..Controls::default()
        };
        self.blend.apply(&mut voice);
        BlockControls {
            voice,
            dry_wet: self.dry_wet.value() / 100.0,
            input_gain: Decibels(self.input_gain.value()).amplitude(),
            output_gain: Decibels(self.output_gain.value()).amplitude(),
            when_not_ready: match self.when_not_ready.value() {
                WhenNotReadyParam::Silence => WhenNotReady::Silence,
                WhenNotReadyParam::DelayedDry => WhenNotReady::DelayedDry,
            },
            bypass: self.bypass.value(),
            ratio_glide_ms: self.blend.ratio_glide.value(),
            side_attack_ms: self.blend.side_attack.value(),
            side_release_ms: self.blend.side_release.value(),
        }
    }
}

fn count(value: i32) -> usize {
    usize::try_from(value).unwrap_or(1).max(1)
}

/// A percentage as 0..1.
fn part(param: &FloatParam) -> f32 {
    param.value() / 100.0
}

fn percent(name: &str, default: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max: 100.0 })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}

fn decibels(name: &str) -> FloatParam {
    FloatParam::new(
        name,
        0.0,
        FloatRange::Linear {
            min: -48.0,
            max: 24.0,
        },
    )
    .with_unit(" dB")
    .with_value_to_string(Arc::new(|value| format!("{value:.1}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::controls::{BlendSettings, Drive, Scene};
    use voxmeld_core::engine::Engine;

    fn params() -> VoxmeldParams {
        VoxmeldParams::new(Engine::new().handle())
    }

    /// Sessions and automation lanes refer to these; a change breaks them.
    #[test]
    fn ids_order_ranges_and_defaults_are_stable() {
        let params = params();
        let table: Vec<_> = params
            .param_map()
            .into_iter()
            .map(|(id, ptr, _)| {
                // SAFETY: `params` outlives the pointers.
                let (unit, steps, low, high, default) = unsafe {
                    (
                        ptr.unit().to_owned(),
                        ptr.step_count(),
                        ptr.preview_plain(0.0),
                        ptr.preview_plain(1.0),
                        ptr.preview_plain(ptr.default_normalized_value()),
                    )
                };
                (id, unit, steps, low, high, default)
            })
            .collect();
        let table: Vec<_> = table
            .iter()
            .map(|(id, unit, steps, low, high, default)| {
                (id.as_str(), unit.as_str(), *steps, *low, *high, *default)
            })
            .collect();
        assert_eq!(
            table,
            [
                ("blend_ratio", " %", None, 0.0, 100.0, 50.0),
                ("pitch_shift", " st", None, -24.0, 24.0, 0.0),
                ("dry_wet", " %", None, 0.0, 100.0, 100.0),
                ("input_gain", " dB", None, -48.0, 24.0, 0.0),
                ("output_gain", " dB", None, -48.0, 24.0, 0.0),
                ("n_probe", "", Some(63), 1.0, 64.0, 1.0),
                ("k", "", Some(63), 1.0, 64.0, 8.0),
                ("loudness_follow", " %", None, 0.0, 100.0, 0.0),
                ("when_not_ready", "", Some(1), 0.0, 1.0, 0.0),
                ("hop", "", Some(6), 0.0, 6.0, 0.0),
                ("bypass", "", Some(1), 0.0, 1.0, 0.0),
                ("trust", " %", None, 0.0, 100.0, 0.0),
                ("continuity", " %", None, 0.0, 100.0, 0.0),
                ("listen", "", Some(3), 0.0, 3.0, 0.0),
                ("ratio_glide", " ms", None, 0.0, 500.0, 0.0),
                ("voicing_depth", " %", None, 0.0, 100.0, 0.0),
                ("voicing_unvoiced", " %", None, 0.0, 100.0, 33.0),
                ("voicing_voiced", " %", None, 0.0, 100.0, 100.0),
                ("loudness_depth", " %", None, 0.0, 100.0, 0.0),
                ("loudness_low", " %", None, 0.0, 100.0, 0.0),
                ("loudness_mid", " %", None, 0.0, 100.0, 50.0),
                ("loudness_high", " %", None, 0.0, 100.0, 100.0),
                ("pitch_depth", " %", None, 0.0, 100.0, 0.0),
                ("pitch_low", " %", None, 0.0, 100.0, 0.0),
                ("pitch_mid", " %", None, 0.0, 100.0, 50.0),
                ("pitch_high", " %", None, 0.0, 100.0, 100.0),
                ("morph_by", "", Some(1), 0.0, 1.0, 0.0),
                ("morph_x", " %", None, 0.0, 100.0, 50.0),
                ("morph_y", " %", None, 0.0, 100.0, 50.0),
                ("morph_1", " %", None, 0.0, 100.0, 100.0),
                ("morph_2", " %", None, 0.0, 100.0, 0.0),
                ("morph_3", " %", None, 0.0, 100.0, 0.0),
                ("morph_4", " %", None, 0.0, 100.0, 0.0),
                ("morph_5", " %", None, 0.0, 100.0, 0.0),
                ("morph_6", " %", None, 0.0, 100.0, 0.0),
                ("morph_7", " %", None, 0.0, 100.0, 0.0),
                ("morph_8", " %", None, 0.0, 100.0, 0.0),
                ("side_depth", " %", None, -100.0, 100.0, 0.0),
                ("side_attack", " ms", None, 0.0, 500.0, 5.0),
                ("side_release", " ms", None, 0.0, 2000.0, 100.0),
                ("wheel_depth", " %", None, -100.0, 100.0, 0.0),
                ("wheel", " %", None, 0.0, 100.0, 0.0),
                ("scenes_on", "", Some(1), 0.0, 1.0, 0.0),
                ("scene_morph", " %", None, 0.0, 100.0, 0.0),
                ("out_ratio", " %", None, 0.0, 100.0, 0.0),
                ("out_confidence", " %", None, 0.0, 100.0, 0.0),
            ]
        );
    }

    #[test]
    fn what_cannot_be_automated_and_that_bypass_is_the_hosts() {
        for (id, ptr, _) in params().param_map() {
            // SAFETY: the flags are read before the parameters go away with the loop.
            let flags = unsafe { ptr.flags() };
            let fixed = matches!(id.as_str(), "hop" | "out_ratio" | "out_confidence");
            assert_eq!(flags.contains(ParamFlags::NON_AUTOMATABLE), fixed, "{id}");
            assert_eq!(flags.contains(ParamFlags::BYPASS), id == "bypass", "{id}");
        }
    }

    #[test]
    fn every_hop_of_the_engine_can_be_chosen() {
        let hops: Vec<Hop> = (0..HopParam::variants().len())
            .map(|index| HopParam::from_index(index).into())
            .collect();
        assert_eq!(hops, Hop::ALL);
        for (hop, id) in hops.iter().zip(HopParam::ids().unwrap_or_default()) {
            assert_eq!(hop.ms().to_string(), *id);
        }
    }

    #[test]
    fn defaults_in_the_engines_units() {
        let controls = params().controls();
        assert_eq!(controls.voice.blend_ratio, 0.5);
        assert_eq!(controls.voice.search, SearchParams::default());
        assert_eq!(
            (controls.dry_wet, controls.input_gain, controls.output_gain),
            (1.0, 1.0, 1.0)
        );
        assert_eq!(controls.when_not_ready, WhenNotReady::Silence);
        assert!(!controls.bypass);
        // Blending as the engine has it: RVC's arithmetic, one target.
        assert_eq!(controls.voice.blend, BlendSettings::default());
        assert_eq!(controls.voice.drive, Drive::default());
        assert_eq!(controls.ratio_glide_ms, 0.0);
    }

    #[test]
    fn scenes_take_the_place_of_the_settings_and_morph_between_their_ends() {
        let params = params();
        let set = |param: &FloatParam, value: f32| {
            // SAFETY: `params` lives; setting is an atomic store.
            unsafe { param.as_ptr()._internal_set_normalized_value(value) };
        };
        let mut scene = Scene {
            ratio: 0.25,
            blend: params.blend.settings(),
        };
        scene.blend.trust = 1.0;
        params.blend.scenes.keep(0, &scene);
        scene.ratio = 0.75;
        scene.blend.trust = 0.0;
        params.blend.scenes.keep(1, &scene);
        assert_eq!(params.controls().voice.blend_ratio, 0.5);
        // SAFETY: as above.
        unsafe {
            params
                .blend
                .scenes_on
                .as_ptr()
                ._internal_set_normalized_value(1.0)
        };
        for (morph, ratio, trust) in [(0.0, 0.25, 1.0), (0.5, 0.5, 0.5), (1.0, 0.75, 0.0)] {
            set(&params.blend.scene_morph, morph);
            let voice = params.controls().voice;
            assert!((voice.blend_ratio - ratio).abs() < 1e-6 && (voice.blend.trust - trust).abs() < 1e-6);
        }
    }
}
