//! The parameters of the pitch besides its shift. With all defaults it is the tracker's, bit for bit.

use super::ranges::{depth, part, percent, semitones, time};
use super::scale::{KeyParam, ScaleParam};
use nice_plug::prelude::*;
use voxmeld_core::controls::{PitchSettings, Snap};
use voxmeld_core::units::Semitones;

/// See [`PitchSettings`].
#[derive(Params)]
#[expect(missing_docs, reason = "the display names document them")]
pub struct PitchParams {
    #[id = "f0_min"]
    pub f0_min: FloatParam,
    #[id = "f0_max"]
    pub f0_max: FloatParam,
    #[id = "octave_guard"]
    pub octave_guard: FloatParam,
    #[id = "f0_smoothing"]
    pub f0_smoothing: FloatParam,
    #[id = "auto_pitch"]
    pub auto_pitch: BoolParam,
    #[id = "formant_shift"]
    pub formant_shift: FloatParam,
    #[id = "snap_strength"]
    pub snap_strength: FloatParam,
    #[id = "snap_key"]
    pub snap_key: EnumParam<KeyParam>,
    #[id = "snap_scale"]
    pub snap_scale: EnumParam<ScaleParam>,
    #[id = "snap_speed"]
    pub snap_speed: FloatParam,
    #[id = "midi_pitch"]
    pub midi_pitch: BoolParam,
    #[id = "midi_glide"]
    pub midi_glide: FloatParam,
    #[id = "bend_range"]
    pub bend_range: FloatParam,
    #[id = "bend"]
    pub bend: FloatParam,
    #[id = "pressure_depth"]
    pub pressure_depth: FloatParam,
    #[id = "pressure"]
    pub pressure: FloatParam,
}

impl Default for PitchParams {
    fn default() -> Self {
        let (lowest_hz, highest_hz) = PitchSettings::NO_LIMITS_HZ;
        Self {
            f0_min: frequency("Lowest pitch", lowest_hz, lowest_hz, 400.0),
            f0_max: frequency("Highest pitch", highest_hz, 100.0, highest_hz),
            octave_guard: time("Octave guard", 0.0, 0.0, 500.0),
            f0_smoothing: time("Pitch smoothing", 0.0, 0.0, 200.0),
            auto_pitch: BoolParam::new("Auto pitch", false),
            formant_shift: semitones("Formant shift", PitchSettings::MAX_FORMANT_SHIFT.0),
            snap_strength: percent("Snap", 0.0),
            snap_key: EnumParam::new("Snap key", KeyParam::C),
            snap_scale: EnumParam::new("Snap scale", ScaleParam::Chromatic),
            snap_speed: time("Snap time", Snap::default().speed_ms, 0.0, 500.0),
            midi_pitch: BoolParam::new("Notes set the pitch", false),
            midi_glide: time("Note glide", 0.0, 0.0, 1000.0),
            bend_range: FloatParam::new("Bend range", 2.0, FloatRange::Linear { min: 0.0, max: 48.0 })
                .with_unit(" st")
                .with_value_to_string(formatters::v2s_f32_rounded(1)),
            bend: depth("Pitch bend"),
            pressure_depth: depth("Pressure to ratio"),
            pressure: percent("Pressure", 0.0),
        }
    }
}

impl PitchParams {
    /// The values of this moment, in the engine's units.
    ///
    /// # Real-time
    /// Atomic loads only.
    #[must_use]
    pub fn settings(&self) -> PitchSettings {
        PitchSettings {
            lowest_hz: self.f0_min.value(),
            highest_hz: self.f0_max.value(),
            octave_guard_ms: self.octave_guard.value(),
            smoothing_ms: self.f0_smoothing.value(),
            auto: self.auto_pitch.value(),
            snap: Snap {
                strength: part(&self.snap_strength),
                key: u8::try_from(self.snap_key.value().to_index()).unwrap_or(0),
                scale: self.snap_scale.value().into(),
                speed_ms: self.snap_speed.value(),
            },
            // Known to the audio thread only.
            note: None,
            formant_shift: Semitones(self.formant_shift.value()),
        }
    }
}

impl PitchParams {
    /// Sets a parameter to the normalized value of a MIDI controller.
    ///
    /// # Real-time
    /// Atomic stores.
    pub fn set_from_midi(param: &FloatParam, value: f32) {
        if value.is_finite() {
            // SAFETY: the parameter lives; nothing but atomics is stored.
            unsafe {
                param
                    .as_ptr()
                    ._internal_set_normalized_value(value.clamp(0.0, 1.0))
            };
        }
    }

    /// Semitones of the pitch bend.
    #[must_use]
    pub fn bend_st(&self) -> f32 {
        part(&self.bend) * self.bend_range.value()
    }
}

fn frequency(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" Hz")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}
