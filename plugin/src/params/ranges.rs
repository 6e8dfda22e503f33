//! Ranges and formats that several parameters share.

use nice_plug::prelude::*;
use std::sync::Arc;
use voxmeld_core::controls::Temperature;

/// A percentage as 0..1.
pub(super) fn part(param: &FloatParam) -> f32 {
    param.value() / 100.0
}

pub(super) fn percent(name: &str, default: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max: 100.0 })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}

pub(super) fn decibels(name: &str) -> FloatParam {
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

/// Of a softmax; fine steps where it is low.
pub(super) fn temperature(name: &str) -> FloatParam {
    let (min, max) = Temperature::RANGE;
    FloatParam::new(
        name,
        Temperature::default().0,
        FloatRange::Skewed {
            min,
            max,
            factor: FloatRange::skew_factor(-2.0),
        },
    )
    .with_value_to_string(formatters::v2s_f32_rounded(2))
}

pub(super) fn time(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" ms")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}

/// Up or down by at most `most`, off at 0.
pub(super) fn semitones(name: &str, most: f32) -> FloatParam {
    FloatParam::new(
        name,
        0.0,
        FloatRange::Linear {
            min: -most,
            max: most,
        },
    )
    .with_unit(" st")
    .with_value_to_string(formatters::v2s_f32_rounded(2))
}

/// -100 to 100 %, off at 0.
pub(super) fn depth(name: &str) -> FloatParam {
    FloatParam::new(
        name,
        0.0,
        FloatRange::Linear {
            min: -100.0,
            max: 100.0,
        },
    )
    .with_unit(" %")
    .with_value_to_string(formatters::v2s_f32_rounded(1))
}
