//! `model render`: a voice's audio for given inputs and noise.

use super::arrays::Arrays;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ndarray::Array3;
use ndarray_npy::NpzWriter;
use std::fs::File;
use std::path::{Path, PathBuf};
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
    /// Folder with ONNX Runtime (the bundle's `voxmeld.data`); looked for beside this program if none is given.
    #[arg(long, env = "VOXMELD_DATA")]
    data: Option<PathBuf>,
}

pub fn run(args: &Render) -> Result<()> {
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
    voxmeld_core::pack::set_data_dir(&data_dir(args.data.as_deref())?);
    let mut runner = RvcGraph::open(&args.file, &graph)?;
    let input = RvcGraphInput {
        phone: &phone,
        pitch: pitched.as_ref().map(|(codes, hz, _)| (&codes[..], &hz[..])),
        speaker: speaker[0],
        z_noise: &z_noise,
        source_noise: pitched.as_ref().map(|(_, _, noise)| &noise[..]),
        crop: None,
    };
    let mut audio = Vec::new();
    runner.render(input, &mut audio)?;
    let samples = audio.len();
    let written = || format!("cannot write {}", args.output.display());
    let mut npz = NpzWriter::new(File::create(&args.output).with_context(written)?);
    npz.add_array("audio", &Array3::from_shape_vec((1, 1, samples), audio)?)
        .with_context(written)?;
    npz.finish().with_context(written)?;
    eprintln!(
        "{}: {samples} samples at {} Hz",
        args.output.display(),
        voice.rate_hz
    );
    Ok(())
}

/// The folder that was named, or one beside this program: installed with it, or in cargo's target folder.
fn data_dir(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_path_buf());
    }
    let program = std::env::current_exe().context("the place of this program is not known")?;
    let near = program.ancestors().skip(1).take(2);
    let places =
        near.flat_map(|folder| ["voxmeld.data", "bundle/voxmeld.data"].map(|name| folder.join(name)));
    places
        .into_iter()
        .find(|place| place.is_dir())
        .context("ONNX Runtime was not found beside this program: name the bundle's voxmeld.data with --data")
}
