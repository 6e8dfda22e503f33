//! Encoders from their weights, against transformers' features.
//!
//! The encoders and the features were made by `tests/python/make_hubert_models.py`; the audio is
//! made here, by the same formula.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array2;
use ndarray_npy::NpzReader;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fs::File;
use std::path::PathBuf;
use voxmeld_core::frames::Frames;
use voxmeld_core::model::Encoder;
use voxmeld_core::model::onnx::ContentEncoder;
use voxmeld_tests::env;

const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Manifest {
    samples: usize,
    sha256: BTreeMap<String, String>,
}

fn path(name: &str) -> PathBuf {
    let data = env::workspace().join("tests").join("data");
    data.join("encoders").join(name)
}

fn manifest() -> Result<Manifest> {
    let text = std::fs::read(path("manifest.json")).context("the manifest of tests/data/encoders")?;
    Ok(serde_json::from_slice(&text)?)
}

/// The twin of `tone` in the script.
fn tone(samples: usize) -> Vec<f32> {
    let sample = |n: usize| {
        let seconds = n as f64 / 16_000.0;
        let phase = TAU * (120.0 * seconds + 3.0 * (TAU * 2.0 * seconds).sin());
        let level = 0.1 + 0.08 * (TAU * 3.0 * seconds).sin();
        let harmonics = (1..9).map(f64::from).map(|k| (k * phase).sin() / k);
        (level * harmonics.sum::<f64>()) as f32
    };
    (0..samples).map(sample).collect()
}

#[test]
fn transformers_and_fairseq_weights_give_transformers_features() -> Result<()> {
    env::use_data()?;
    let audio = tone(manifest()?.samples);
    let mut answers = NpzReader::new(File::open(path("answers.npz"))?)?;
    for (answer, dim) in [("layer_9", 256), ("layer_12", 128)] {
        let expected: Array2<f32> = answers.by_name(answer)?;
        for name in ["pytorch_model.bin", "hubert_base.pt"] {
            let mut encoder = ContentEncoder::open(&path(name), Some(dim), false)?;
            ensure!(encoder.dim() == dim && encoder.is_reproducible(), "{name}");
            let mut found = Frames::new(dim);
            encoder.encode(&audio, &mut found)?;
            ensure!(found.len() == expected.nrows(), "{name}: {} frames", found.len());
            let off = found
                .data()
                .iter()
                .zip(expected.iter())
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            ensure!(off < TOLERANCE, "{name}, {answer}: {off} off");
            voxmeld_tests::say(format!("{name}, {answer}: at most {off:.1e} off"));
        }
    }
    Ok(())
}

/// Mean cosine of two lists of frames.
fn cosine(one: &Frames, other: &[&[f32]]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let cosines = one
        .rows()
        .zip(other)
        .map(|(a, b)| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt());
    cosines.sum::<f32>() / other.len() as f32
}

#[test]
fn an_encoder_from_weights_continues_a_stream_near_its_features_of_the_whole_file() -> Result<()> {
    env::use_data()?;
    let audio = tone(320 * 200 + 80);
    let mut encoder = ContentEncoder::open(&path("hubert_base.pt"), Some(128), false)?;
    ensure!(encoder.is_stateful());
    let mut whole = Frames::new(128);
    encoder.encode(&audio, &mut whole)?;
    let mut made = Frames::new(128);
    // As the engine does: a window first, then hops that begin with the newest frame before.
    encoder.encode(&audio[..320 * 50 + 80], &mut made)?;
    let mut streamed = Vec::new();
    for start in (49..196).step_by(4) {
        encoder.encode_streaming(&audio[320 * start..320 * (start + 5) + 80], &mut made)?;
        ensure!(made.len() == 5, "{} frames", made.len());
        streamed.extend(made.rows().take(4).map(<[f32]>::to_vec));
    }
    let rows: Vec<&[f32]> = whole.rows().skip(49).take(streamed.len()).collect();
    let mut made = Frames::new(128);
    streamed.iter().for_each(|row| made.push(row));
    let near = cosine(&made, &rows);
    voxmeld_tests::say(format!("{} frames, mean cosine {near:.4}", streamed.len()));
    ensure!(near > 0.95, "mean cosine {near}");
    Ok(())
}

#[test]
fn an_encoder_without_the_projection_of_v1_is_rejected_with_what_to_choose() -> Result<()> {
    env::use_data()?;
    let data = env::workspace().join("tests").join("data").join("import");
    // The file also lacks the layers, but is rejected before that is noticed.
    let bare = data.join("hubert_transformers.safetensors");
    let Err(error) = ContentEncoder::open(&bare, Some(256), false) else {
        bail!("it was opened")
    };
    let text = error.to_string();
    for words in [
        "hubert_transformers.safetensors",
        "final_proj",
        "choose ContentVec",
    ] {
        ensure!(text.contains(words), "no \"{words}\" in: {text}");
    }
    Ok(())
}

#[test]
fn files_of_the_manifest_are_the_ones_that_were_made() -> Result<()> {
    for (name, sha256) in manifest()?.sha256 {
        let found = voxmeld_core::indexing::file_sha256(&path(&name))?;
        ensure!(found == sha256, "{name} is not the file that was made");
    }
    Ok(())
}
