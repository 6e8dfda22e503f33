//! `model render`: a voice's audio for given inputs and noise.

use super::arrays::Arrays;
use crate::audio::write_with;
use crate::data::DataDir;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ndarray::Array3;
use ndarray_npy::NpzWriter;
use std::path::PathBuf;
use voxmeld_core::import::{ModelKind, rvc};
use voxmeld_core::model::onnx::{RvcGraph, RvcGraphInput};

/// Codes that `pitch` may have: rows of RVC's table.
const CODES: std::ops::Range<i64> = 0..256;

#[derive(Args)]
pub struct Render {
    /// The voice: .pth or .safetensors.
    file: PathBuf,
    /// NumPy .npz with `phone`, `sid`, `z_noise`, and for voices with f0 `pitch`, `pitchf`, `source_noise`.
    #[arg(long)]
    inputs: PathBuf,
    /// NumPy .npz to write; its `audio` is f32 [1, 1, T * samples per frame].
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    data: DataDir,
}

pub fn run(args: &Render) -> Result<()> {
    voxmeld_core::whole_file::check_place(&args.output, 0)?;
    let (mut file, kind) = super::open::open(&args.file)?;
    let ModelKind::Voice(voice) = &kind else {
        bail!("{} is {}: {}", args.file.display(), kind.name(), kind.advice());
    };
    let mut arrays = Arrays::open(&args.inputs)?;
    let shape = &voice.shape;
    let (phone, frames) = arrays.phone(shape.width)?;
    let (speaker, _) = arrays.read::<i64>("sid", &[Some(1)])?;
    ensure!(
        usize::try_from(speaker[0]).is_ok_and(|speaker| speaker < shape.speakers),
        "`sid` of the inputs is {}; the voice has the speakers 0 to {}",
        speaker[0],
        shape.speakers - 1
    );
    let (z_noise, _) = arrays.read("z_noise", &[Some(1), Some(shape.inter), Some(frames)])?;
    let pitched = if voice.f0 {
        let (codes, _) = arrays.read::<i64>("pitch", &[Some(1), Some(frames)])?;
        if let Some(code) = codes.iter().find(|code| !CODES.contains(code)) {
            bail!("`pitch` of the inputs holds {code}; its codes are {CODES:?}");
        }
        let (hz, _) = arrays.read::<f32>("pitchf", &[Some(1), Some(frames)])?;
        let (noise, _) =
            arrays.read::<f32>("source_noise", &[Some(1), Some(frames * shape.upp()), Some(1)])?;
        Some((codes, hz, noise))
    } else {
        None
    };

    let graph =
        rvc::build(voice, &mut file).with_context(|| format!("{} cannot be used", args.file.display()))?;
    args.data.set()?;
    let mut runner = RvcGraph::open(&args.file, &graph)?;
    let input = RvcGraphInput {
        phone: &phone,
        pitch: pitched.as_ref().map(|(codes, hz, _)| (&codes[..], &hz[..])),
        speaker: speaker[0],
        z_noise: &z_noise,
        source_noise: pitched.as_ref().map(|(_, _, noise)| &noise[..]),
        crop: None,
        hop_frames: None,
    };
    let mut audio = Vec::new();
    runner.render(input, &mut audio)?;
    let samples = audio.len();
    let audio = Array3::from_shape_vec((1, 1, samples), audio)?;
    write_with(&args.output, |file| {
        let mut npz = NpzWriter::new(file);
        npz.add_array("audio", &audio)?;
        npz.finish()?;
        Ok(())
    })?;
    eprintln!(
        "{}: {samples} samples at {} Hz",
        args.output.display(),
        voice.rate_hz
    );
    Ok(())
}
