//! `model info`: kind, sizes and inputs of a file.

use anyhow::Result;
use serde_json::{Map, Value, json};
use std::path::Path;
use voxmeld_core::import::rvc::Voice;
use voxmeld_core::import::{EncoderNames, ModelKind};

pub fn print(path: &Path, as_json: bool) -> Result<()> {
    let (file, kind) = super::open::open(path)?;
    let mut facts = match &kind {
        ModelKind::Voice(voice) => voice_facts(voice),
        ModelKind::Encoder(encoder) => {
            let names = match encoder.names {
                EncoderNames::Transformers => "transformers",
                EncoderNames::Fairseq => "fairseq",
            };
            object(json!({
                "kind": "content encoder",
                "names": names,
                "width": encoder.width,
                "layers": encoder.layers,
                "projection": encoder.projection,
                "advice": kind.advice(),
            }))
        }
        ModelKind::TrainingCheckpoint {
            iteration,
            discriminator,
        } => object(json!({
            "kind": "training checkpoint",
            "iteration": iteration,
            "discriminator": discriminator,
            "advice": kind.advice(),
        })),
        ModelKind::Other { what, .. } => object(json!({
            "kind": "other",
            "what": what,
            "advice": kind.advice(),
        })),
    };
    facts.insert("container".into(), file.container().into());
    if as_json {
        println!("{}", serde_json::to_string_pretty(&facts)?);
        return Ok(());
    }
    for (name, value) in &facts {
        match value {
            Value::Null => {}
            Value::String(text) => println!("{name:12} {text}"),
            value => println!("{name:12} {value}"),
        }
    }
    Ok(())
}

fn voice_facts(voice: &Voice) -> Map<String, Value> {
    let shape = &voice.shape;
    let upp = shape.upp();
    let mut noise = object(json!({ "z_noise": [1, shape.inter, "T"] }));
    if voice.f0 {
        noise.insert("source_noise".into(), json!([1, format!("T*{upp}"), 1]));
    }
    object(json!({
        "kind": "rvc voice",
        "version": voice.version.name(),
        "rate": voice.rate_hz,
        "width": shape.width,
        "f0": voice.f0,
        "speakers": shape.speakers,
        "upp": upp,
        "noise": noise,
        "precision": voice.precisions(),
        "encoder": voice.encoder,
        "info": voice.info,
        "notes": voice.notes,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
