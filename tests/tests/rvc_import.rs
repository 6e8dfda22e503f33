//! RVC voices from `.pth` and `.safetensors` files, compared with PyTorch's audio.
//!
//! `tests/python/make_rvc_models.py` made the voices, and every 13th sample of PyTorch's output;
//! the inputs are computed here by the same formula.

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array1;
use ndarray_npy::NpzReader;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use voxmeld_core::import::rvc::{self, Version, Voice};
use voxmeld_core::import::{ModelKind, WeightsFile};
use voxmeld_core::model::onnx::{RvcGraph, RvcGraphInput, coarse_pitch};
use voxmeld_tests::env;

/// Two correct evaluations in 32 bits differ by 2e-5.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Manifest {
    frames: [usize; 2],
    every: usize,
    ends: usize,
    voices: Vec<Expected>,
    sha256: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Expected {
    file: String,
    answers: String,
    version: String,
    rate: u32,
    f0: bool,
    speakers: usize,
}

fn folder() -> PathBuf {
    env::workspace().join("tests").join("data").join("import")
}

fn manifest() -> Result<Manifest> {
    let path = folder().join("manifest.json");
    let text = std::fs::read(&path).with_context(|| format!("{} is missing", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

fn open(name: &str) -> Result<(WeightsFile, Voice)> {
    let file = WeightsFile::open(&folder().join(name)).with_context(|| name.to_string())?;
    match ModelKind::of(&file).with_context(|| name.to_string())? {
        ModelKind::Voice(voice) => Ok((file, *voice)),
        other => bail!("{name} was recognised as {}", other.name()),
    }
}

/// The same as `uniform` in the script: unit variance, from SplitMix64.
fn uniform(seed: u64, count: usize) -> Vec<f32> {
    let value = |n: u64| {
        let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let unit = f64::from(u32::try_from(z >> 40).unwrap_or(0)) / f64::from(1 << 24);
        #[expect(clippy::cast_possible_truncation, reason = "noise of 24 bits")]
        let value = ((2.0 * unit - 1.0) * 3.0_f64.sqrt()) as f32;
        value
    };
    (1..=count as u64).map(value).collect()
}

/// The inputs of the script for a voice and a number of frames.
struct Inputs {
    phone: Vec<f32>,
    hz: Vec<f32>,
    codes: Vec<i64>,
    z_noise: Vec<f32>,
    source_noise: Vec<f32>,
}

impl Inputs {
    fn of(voice: &Voice, frames: usize) -> Self {
        let hz: Vec<f32> = (0..frames)
            .map(|t| if t % 40 < 30 { 100 + t * 7 % 160 } else { 0 })
            .map(|hz| f32::from(u16::try_from(hz).unwrap_or(0)))
            .collect();
        Self {
            phone: uniform(1, frames * voice.shape.width),
            codes: hz.iter().map(|&hz| coarse_pitch(hz)).collect(),
            hz,
            z_noise: uniform(2, frames * voice.shape.inter),
            source_noise: uniform(3, frames * voice.shape.upp()),
        }
    }

    fn for_voice(&self, voice: &Voice) -> RvcGraphInput<'_> {
        RvcGraphInput {
            phone: &self.phone,
            pitch: voice.f0.then_some((&self.codes[..], &self.hz[..])),
            speaker: i64::try_from(voice.shape.speakers).unwrap_or(0) - 1,
            z_noise: &self.z_noise,
            source_noise: voice.f0.then_some(&self.source_noise[..]),
            crop: None,
            hop_frames: None,
        }
    }
}

fn graph_of(file: &mut WeightsFile, voice: &Voice, name: &str) -> Result<RvcGraph> {
    env::use_data()?;
    let graph = rvc::build(voice, file).with_context(|| name.to_string())?;
    Ok(RvcGraph::open(&folder().join(name), &graph)?)
}

fn difference(one: &[f32], other: &[f32]) -> f32 {
    one.iter()
        .zip(other)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn every_kind_of_voice_gives_pytorchs_audio() -> Result<()> {
    let manifest = manifest()?;
    let mut worst = 0.0_f32;
    for expected in &manifest.voices {
        let name = &expected.file;
        let (mut file, voice) = open(name)?;
        let mut graph = graph_of(&mut file, &voice, name)?;
        let answers = folder().join(&expected.answers);
        let mut answers = NpzReader::new(File::open(&answers).with_context(|| expected.answers.clone())?)?;
        for frames in manifest.frames {
            let inputs = Inputs::of(&voice, frames);
            let mut audio = Vec::new();
            graph
                .render(inputs.for_voice(&voice), &mut audio)
                .with_context(|| name.clone())?;
            assert_eq!(audio.len(), frames * voice.shape.upp(), "{name}");
            let every: Array1<f32> = answers.by_name(&format!("every_{frames}"))?;
            let ends: Array1<f32> = answers.by_name(&format!("ends_{frames}"))?;
            let picked: Vec<f32> = audio.iter().step_by(manifest.every).copied().collect();
            let both = [&audio[..manifest.ends], &audio[audio.len() - manifest.ends..]].concat();
            assert_eq!((picked.len(), both.len()), (every.len(), ends.len()), "{name}");
            let off = difference(&picked, &every.to_vec()).max(difference(&both, &ends.to_vec()));
            assert!(
                every.iter().any(|x| x.abs() > 0.1),
                "{name}: PyTorch's output is silent"
            );
            assert!(off < TOLERANCE, "{name}, {frames} frames: {off} off");
            worst = worst.max(off);
        }
    }
    assert!(manifest.voices.len() >= 16);
    voxmeld_tests::say(format!(
        "{} voices, at most {worst:.1e} off",
        manifest.voices.len()
    ));
    Ok(())
}

#[test]
fn version_rate_f0_and_speakers_are_read_from_the_file() -> Result<()> {
    for expected in &manifest()?.voices {
        let (_, voice) = open(&expected.file)?;
        let (version, width) = match &expected.version[..] {
            "v1" => (Version::V1, 256),
            _ => (Version::V2, 768),
        };
        let found = (
            voice.version,
            voice.shape.width,
            voice.rate_hz,
            voice.f0,
            voice.shape.speakers,
        );
        let wanted = (version, width, expected.rate, expected.f0, expected.speakers);
        assert_eq!(found, wanted, "{}", expected.file);
        assert_eq!(voice.notes, [] as [String; 0], "{}", expected.file);
        assert_eq!(voice.shape.upp() * 100, usize::try_from(voice.rate_hz)?);
    }
    Ok(())
}

/// Attention covers all frames in both cases, so only the crop could make a difference.
#[test]
fn skipped_frames_are_context_and_the_output_is_cropped_as_in_rvc() -> Result<()> {
    for name in ["v2_48k_f16.pth", "v1_48k_nof0_bf16_legacy_4.pth"] {
        let (mut file, voice) = open(name)?;
        let mut graph = graph_of(&mut file, &voice, name)?;
        let (frames, upp) = (100, voice.shape.upp());
        let mut inputs = Inputs::of(&voice, frames);
        // The source starts at the first returned frame, so the input is unvoiced throughout
        // to give both calls the same source.
        inputs.hz.fill(0.0);
        let (skip, length) = (40, 30);
        let mut whole = Vec::new();
        graph.render(inputs.for_voice(&voice), &mut whole)?;
        let noise = inputs.source_noise[skip * upp..(skip + length) * upp].to_vec();
        let mut cut = Vec::new();
        let input = RvcGraphInput {
            source_noise: voice.f0.then_some(&noise[..]),
            crop: Some((skip, length)),
            hop_frames: None,
            ..inputs.for_voice(&voice)
        };
        graph.render(input, &mut cut)?;
        assert_eq!(cut.len(), length * upp, "{name}");
        // Outside the generator's receptive field (ten frames) at both ends.
        let middle = 11 * upp..(length - 11) * upp;
        let same = &whole[skip * upp..][middle.clone()];
        let off = difference(&cut[middle], same);
        assert!(off < TOLERANCE, "{name}: {off} off");
    }
    Ok(())
}

#[test]
fn two_renders_are_equal_bit_for_bit() -> Result<()> {
    let name = "v2_40k_bf16_4.pth";
    let (mut file, voice) = open(name)?;
    let mut graphs = [
        graph_of(&mut file, &voice, name)?,
        graph_of(&mut file, &voice, name)?,
    ];
    let inputs = Inputs::of(&voice, 60);
    let [mut one, mut other] = [Vec::new(), Vec::new()];
    graphs[0].render(inputs.for_voice(&voice), &mut one)?;
    graphs[1].render(inputs.for_voice(&voice), &mut other)?;
    assert!(one.iter().zip(&other).all(|(a, b)| a.to_bits() == b.to_bits()));
    Ok(())
}

#[test]
fn files_have_the_sha256_of_the_manifest() -> Result<()> {
    for (name, sha256) in manifest()?.sha256 {
        let found = voxmeld_core::indexing::file_sha256(&folder().join(&name))?;
        ensure!(found == sha256, "{name} differs from the manifest's sha256");
    }
    Ok(())
}
