//! Saved sessions of every format that was ever written, as hosts stored them: files in
//! `tests/data/states`. They load for ever; never change or remove one.
//!
//! `NAME-VERSION.clap-state` is what a CLAP host stores (8 bytes of length, then JSON),
//! `NAME-VERSION.vst3-state` what `IComponent::getState` writes (JSON).

use crate::env;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All kept sessions with this extension.
///
/// # Errors
/// If there are none, or one cannot be read.
pub fn kept(extension: &str) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = env::workspace().join("tests/data/states");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|is| is == extension) {
            found.push((path.clone(), std::fs::read(&path)?));
        }
    }
    ensure!(!found.is_empty(), "no .{extension} in {}", folder.display());
    found.sort();
    Ok(found)
}

/// What a session holds, whatever its format.
#[derive(Debug, PartialEq)]
pub struct Contents {
    /// Values by parameter id. Output parameters are left out: the plugin sets them.
    pub params: BTreeMap<String, Value>,
    /// The chosen voice, without keys that are null.
    pub voice: Value,
    /// The first 26 numbers of both scenes in the order of the first format.
    pub scenes: Vec<Vec<f64>>,
}

impl Contents {
    /// Reads a state, with or without the length before it.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn read(state: &[u8]) -> Result<Self> {
        let json = if state.starts_with(b"{") {
            state
        } else {
            state.get(8..).context("too short")?
        };
        let whole: Value = serde_json::from_slice(json)?;
        let field = |key: &str| -> Result<Value> {
            let text = whole["fields"][key]
                .as_str()
                .with_context(|| format!("no field {key}"))?;
            Ok(serde_json::from_str(text)?)
        };
        let mut params: BTreeMap<String, Value> = serde_json::from_value(whole["params"].clone())?;
        params.retain(|id, _| !id.starts_with("out_"));
        let scenes = field("scenes")?;
        let mut scenes: Vec<Vec<f64>> = match &scenes {
            Value::Array(_) => serde_json::from_value(scenes)?,
            keyed => vec![in_places(&keyed["a"])?, in_places(&keyed["b"])?],
        };
        scenes.iter_mut().for_each(|scene| scene.truncate(26));
        let mut voice = field("voice")?["selection"].take();
        without_nulls(&mut voice);
        Ok(Self {
            params,
            voice,
            scenes,
        })
    }
}

/// Removes what is not known: a missing key means the same.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

impl Contents {
    /// True if all that `kept` holds is the same here; a newer version may have more parameters.
    #[must_use]
    pub fn include(&self, kept: &Self) -> bool {
        let same = |(id, value): (&String, &Value)| self.params.get(id) == Some(value);
        kept.params.iter().all(same) && self.voice == kept.voice && self.scenes == kept.scenes
    }
}

/// A keyed scene as the 26 numbers of the first format.
fn in_places(scene: &Value) -> Result<Vec<f64>> {
    let modes = ["blend", "live", "retrieved", "difference"];
    let listen = modes.iter().position(|mode| scene["listen"] == *mode);
    let pad = &scene["morph_pad"];
    let by_pad = f64::from(u8::from(pad.is_array()));
    let place = |n: usize| pad[n].as_f64().unwrap_or(0.5);
    let mut numbers = Vec::new();
    let mut add = |value: &Value| match value {
        Value::Array(values) => numbers.extend(values.iter().map(Value::as_f64)),
        value => numbers.push(value.as_f64()),
    };
    for key in ["ratio", "trust"] {
        add(&scene[key]);
    }
    for key in ["depth", "unvoiced", "voiced"] {
        add(&scene["voicing"][key]);
    }
    for curve in ["loudness", "pitch"] {
        add(&scene[curve]["depth"]);
        add(&scene[curve]["points"]);
    }
    add(&scene["morph_weights"]);
    for value in [by_pad, place(0), place(1)] {
        add(&value.into());
    }
    add(&scene["continuity"]);
    add(&listen.context("no listen mode")?.into());
    numbers
        .into_iter()
        .collect::<Option<_>>()
        .with_context(|| format!("a number is missing in {scene}"))
}
