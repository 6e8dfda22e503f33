//! The parameters of the pitch besides its shift. With all defaults it is the tracker's, bit for bit.

use super::ranges::time;
use nice_plug::prelude::*;
use voxmeld_core::controls::PitchSettings;

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
}

impl Default for PitchParams {
    fn default() -> Self {
        let (lowest_hz, highest_hz) = PitchSettings::NO_LIMITS_HZ;
        Self {
            f0_min: frequency("Lowest pitch", lowest_hz, lowest_hz, 400.0),
            f0_max: frequency("Highest pitch", highest_hz, 100.0, highest_hz),
            octave_guard: time("Octave guard", 0.0, 0.0, 500.0),
            f0_smoothing: time("Pitch smoothing", 0.0, 0.0, 200.0),
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
        }
    }
}

fn frequency(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" Hz")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}
