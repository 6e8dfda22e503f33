//! Parameters by id and text: for command lines and remote control.

use super::VoxmeldParams;
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::*;

/// Short names: what people type, the parameter, and the factor to its unit.
const ALIASES: [(&str, &str, f32); 3] = [
    ("ratio", "blend_ratio", 100.0),
    ("pitch", "pitch_shift", 1.0),
    ("probes", "n_probe", 1.0),
];

/// A parameter or value that is refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// No such parameter.
    #[error("there is no parameter \"{id}\"; there are: {there}")]
    Unknown {
        /// As given.
        id: String,
        /// All ids.
        there: String,
    },
    /// It only shows something.
    #[error("{id} shows what was applied and cannot be set")]
    ReadOnly {
        /// Which.
        id: String,
    },
    /// Not one of its values.
    #[error("{id} cannot be \"{value}\": {fits}")]
    Value {
        /// Which.
        id: String,
        /// As given.
        value: String,
        /// What fits, as half a sentence.
        fits: String,
    },
}

/// A parameter as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamText {
    /// Its id.
    pub id: String,
    /// Its name in hosts.
    pub name: String,
    /// Its value with its unit.
    pub value: String,
}

impl VoxmeldParams {
    /// Sets the parameter `id` to a value in its own unit ("70", "on", "40 ms"), or one of the short names `ratio`
    /// (0 to 1), `pitch`, `probes`. Returns the value as it is shown.
    ///
    /// # Errors
    /// An id or a value that does not exist, or is out of range.
    pub fn set_by_text(&self, id: &str, value: &str) -> Result<String, SetError> {
        let alias = ALIASES.iter().find(|(alias, ..)| *alias == id);
        let (own_id, factor) = alias.map_or((id, 1.0), |(_, id, factor)| (*id, *factor));
        let map = self.param_map();
        let Some((_, param, _)) = map.iter().find(|(known, ..)| known == own_id) else {
            let ids: Vec<String> = self.texts().into_iter().map(|param| param.id).collect();
            return Err(SetError::Unknown {
                id: id.to_owned(),
                there: ids.join(", "),
            });
        };
        if is_read_only(*param) {
            return Err(SetError::ReadOnly { id: id.to_owned() });
        }
        let normalized = normalized(*param, value, factor).map_err(|fits| SetError::Value {
            id: id.to_owned(),
            value: value.to_owned(),
            fits,
        })?;
        // SAFETY: the parameter is a field of `self`, and nothing but atomics is stored.
        unsafe { param._internal_set_normalized_value(normalized) };
        Ok(shown(*param))
    }

    /// All parameters that can be set, with their values.
    #[must_use]
    pub fn texts(&self) -> Vec<ParamText> {
        self.param_map()
            .into_iter()
            .filter(|(_, param, _)| !is_read_only(*param))
            .map(|(id, param, _)| ParamText {
                id,
                // SAFETY: the parameter is a field of `self`.
                name: unsafe { param.name() }.to_owned(),
                value: shown(param),
            })
            .collect()
    }

    /// Those that are not at their default, by id, as [`Self::set_by_text`] takes them.
    #[must_use]
    pub fn changed(&self) -> Vec<(String, String)> {
        self.param_map()
            .into_iter()
            .filter(|(_, param, _)| !is_read_only(*param))
            .filter_map(|(id, param, _)| {
                // SAFETY: the parameter is a field of `self`.
                let (value, default) = unsafe {
                    (
                        param.unmodulated_normalized_value(),
                        param.default_normalized_value(),
                    )
                };
                let text = match param {
                    ParamPtr::FloatParam(_) => {
                        // SAFETY: as above. The shown text is rounded; this is not.
                        unsafe { param.unmodulated_plain_value() }.to_string()
                    }
                    _ => shown(param),
                };
                ((value - default).abs() > f32::EPSILON).then_some((id, text))
            })
            .collect()
    }
}

fn is_read_only(param: ParamPtr) -> bool {
    // SAFETY: callers pass parameters of a struct that lives.
    unsafe { param.flags() }.contains(ParamFlags::HIDDEN)
}

fn shown(param: ParamPtr) -> String {
    // SAFETY: callers pass parameters of a struct that lives.
    unsafe { param.normalized_value_to_string(param.unmodulated_normalized_value(), true) }
}

/// The normalized value of a text, or what would fit.
fn normalized(param: ParamPtr, value: &str, factor: f32) -> Result<f32, String> {
    let value = value.trim();
    match param {
        ParamPtr::BoolParam(_) => match value.to_lowercase().as_str() {
            "on" | "true" | "1" | "yes" => Ok(1.0),
            "off" | "false" | "0" | "no" => Ok(0.0),
            _ => Err("on or off fits".into()),
        },
        ParamPtr::EnumParam(_) => choice(param, value),
        ParamPtr::FloatParam(_) | ParamPtr::IntParam(_) => number(param, value, factor),
    }
}

/// One of an enumeration's values, by its name or the beginning of it ("40" for "40 ms").
fn choice(param: ParamPtr, value: &str) -> Result<f32, String> {
    // SAFETY: callers pass parameters of a struct that lives.
    let last = unsafe { param.step_count() }.unwrap_or(0);
    let wanted = value.to_lowercase();
    let mut names = Vec::new();
    for step in 0..=last {
        #[expect(clippy::cast_precision_loss, reason = "a dozen steps")]
        let normalized = step as f32 / (last.max(1)) as f32;
        // SAFETY: as above.
        let name = unsafe { param.normalized_value_to_string(normalized, false) };
        let lower = name.to_lowercase();
        let first_word = lower.split(' ').next() == Some(wanted.as_str());
        if lower == wanted || lower.replace(' ', "_") == wanted || (first_word && lower.ends_with(" ms")) {
            return Ok(normalized);
        }
        names.push(name);
    }
    Err(format!("one of {} fits", names.join(", ")))
}

fn number(param: ParamPtr, value: &str, factor: f32) -> Result<f32, String> {
    // SAFETY: callers pass parameters of a struct that lives.
    let (unit, low, high, is_whole) = unsafe {
        (
            param.unit(),
            param.preview_plain(0.0),
            param.preview_plain(1.0),
            matches!(param, ParamPtr::IntParam(_)),
        )
    };
    let fits = || {
        let whole = if is_whole { "a whole number" } else { "a number" };
        let unit = if factor == 1.0 { unit } else { "" };
        format!("{whole} from {} to {}{unit} fits", low / factor, high / factor)
    };
    let text = value.strip_suffix(unit.trim()).unwrap_or(value).trim();
    let plain = text.parse::<f32>().map_err(|_| fits())? * factor;
    if !(low..=high).contains(&plain) || (is_whole && plain.fract() != 0.0) {
        return Err(fits());
    }
    // SAFETY: as above.
    Ok(unsafe { param.preview_normalized(plain) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::engine::Engine;

    fn params() -> VoxmeldParams {
        VoxmeldParams::new(Engine::new().handle())
    }

    #[test]
    fn values_are_set_in_the_unit_of_the_parameter_and_returned_as_shown() {
        let params = params();
        for (id, value, shown) in [
            ("blend_ratio", "70", "70.0 %"),
            ("blend_ratio", "12.5 %", "12.5 %"),
            ("ratio", "0.7", "70.0 %"),
            ("pitch", "-5", "-5.00 st"),
            ("k", "4", "4"),
            ("hop", "40", "40 ms"),
            ("hop", "120 ms", "120 ms"),
            ("gate", "off", "Off"),
            ("when_not_ready", "delayed_dry", "Delayed dry"),
            ("noise_suppression", "on", "On"),
        ] {
            let set = params.set_by_text(id, value);
            assert_eq!(set.as_deref(), Ok(shown), "{id} {value}");
        }
        assert!((params.controls().voice.blend_ratio - 0.7).abs() < 1e-6);
    }

    #[test]
    fn unknown_ids_and_values_out_of_range_change_nothing_and_say_what_fits() {
        let params = params();
        for (id, value, said) in [
            ("blend_ratio", "101", "from 0 to 100 %"),
            ("ratio", "5", "from 0 to 1 fits"),
            ("ratio", "nan", "from 0 to 1 fits"),
            ("pitch_shift", "loud", "from -24 to 24 st"),
            ("k", "1.5", "a whole number from 1 to 64"),
            ("hop", "30", "20 ms, 40 ms"),
            ("bypass", "maybe", "on or off"),
            ("blend_rate", "1", "blend_ratio, pitch_shift"),
            ("out_ratio", "1", "cannot be set"),
        ] {
            let error = params.set_by_text(id, value).expect_err(value).to_string();
            assert!(error.contains(said), "{id} {value}: {error}");
        }
        assert_eq!(params.changed(), []);
    }

    #[test]
    fn changed_parameters_are_restored_exactly() {
        let (before, after) = (params(), params());
        for (id, value) in [
            ("blend_ratio", "33.333"),
            ("hop", "60"),
            ("k", "3"),
            ("auto_probes", "on"),
        ] {
            before.set_by_text(id, value).expect("fits");
        }
        for (id, value) in before.changed() {
            after.set_by_text(&id, &value).expect("as written");
        }
        assert_eq!(before.changed(), after.changed());
        assert_eq!(before.changed().len(), 4);
    }
}
