//! `voxmeld-cli convert`.

mod curve;
mod options;
mod render;

pub use options::{Convert, ratio};

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use voxmeld_core::engine::Engine;
use voxmeld_core::geometry::Geometry;
use voxmeld_core::indexing::Recording;
use voxmeld_core::names::shown_path;
use voxmeld_core::pack::find_pack;

use super::audio::Output;
use curve::Curve;
use options::{PACK, Settings};

/// The engine's rate for recordings whose own it does not run at (8, 11.025, 22.05 kHz).
const FALLBACK_RATE_HZ: u32 = 48_000;

pub fn run(args: &Convert, quiet: bool) -> Result<()> {
    // What can be known before the work is said before the work.
    let mut engine = Engine::new();
    let settings = Settings::new(args, engine.handle())?;
    let curve = args.ratio_curve.as_deref().map(Curve::read).transpose()?;
    let jobs = jobs(args)?;
    args.data.set()?;
    check_target(args)?;
    engine.handle().load(args.selection()?);
    let mut failed = 0;
    for (input, output) in &jobs {
        let done = one(&mut engine, &settings, curve.as_ref(), input, output, quiet)
            .with_context(|| format!("{} was not converted", shown_path(input)));
        match done {
            Ok(()) if quiet => {}
            Ok(()) => eprintln!("{}: {} converted", output.shown(), shown_path(input)),
            Err(error) if jobs.len() == 1 => return Err(error),
            Err(error) => {
                eprintln!("voxmeld-cli: {error:#}");
                failed += 1;
            }
        }
    }
    ensure!(
        failed == 0,
        "{failed} of {} recordings were not converted",
        jobs.len()
    );
    Ok(())
}

/// Each input with its place; all checked before anything is converted.
fn jobs(args: &Convert) -> Result<Vec<(PathBuf, Output)>> {
    for input in &args.inputs {
        let readable = std::fs::metadata(input);
        let meta = readable.with_context(|| format!("{} cannot be read", shown_path(input)))?;
        ensure!(
            meta.is_file(),
            "{} is not a file; name recordings",
            shown_path(input)
        );
    }
    let is_folder = args.output.is_dir();
    if !is_folder {
        let [input] = &args.inputs[..] else {
            bail!(
                "{} recordings need a folder as output that exists; {} is none",
                args.inputs.len(),
                shown_path(&args.output)
            );
        };
        return Ok(vec![(input.clone(), place(input, &args.output)?)]);
    }
    let mut jobs: Vec<(PathBuf, Output)> = Vec::new();
    for input in &args.inputs {
        let name = input
            .file_stem()
            .with_context(|| format!("{} has no name", shown_path(input)))?;
        let mut name = name.to_os_string();
        name.push(".wav");
        let path = args.output.join(name);
        ensure!(
            !jobs.iter().any(|(_, output)| output.is(&path)),
            "two recordings would become {}; convert them one by one",
            shown_path(&path)
        );
        jobs.push((input.clone(), place(input, &path)?));
    }
    Ok(jobs)
}

fn place(input: &Path, output: &Path) -> Result<Output> {
    let checked = Output::new(output)?;
    let same = |path: &Path| path.canonicalize().ok();
    ensure!(
        same(input).is_none() || same(input) != same(output),
        "the output would take the place of the input, {}; name another file",
        shown_path(input)
    );
    Ok(checked)
}

fn one(
    engine: &mut Engine,
    settings: &Settings,
    curve: Option<&Curve>,
    input: &Path,
    output: &Output,
    quiet: bool,
) -> Result<()> {
    let input = Recording::read(input)?;
    let (input_rate_hz, input_len) = (input.rate_hz, input.samples.len());
    let mut audio = at_engine_rate(input, settings)?;
    render::render(engine, settings, curve, &mut audio, quiet)?;
    if audio.rate_hz != input_rate_hz {
        let Some(mut samples) = audio.at_rate(input_rate_hz) else {
            bail!("the result cannot be converted to {input_rate_hz} Hz");
        };
        samples.resize(input_len, 0.0);
        audio = Recording {
            rate_hz: input_rate_hz,
            samples,
        };
    }
    output.write(&audio)
}

/// Lists the targets if the one that was asked for is none of them.
fn check_target(args: &Convert) -> Result<()> {
    let Some(target) = &args.target else { return Ok(()) };
    ensure!(
        args.index.is_none(),
        "--target and --index name two indices; give one of them"
    );
    let pack = find_pack(PACK)?;
    let names: Vec<&str> = pack.indices.iter().map(|index| index.name.as_str()).collect();
    ensure!(
        names.contains(&target.as_str()),
        "there is no target {target:?}; the pack has {}",
        names.join(", ")
    );
    Ok(())
}

/// The recording at a rate that the engine runs at: its own, where that is possible.
fn at_engine_rate(input: Recording, settings: &Settings) -> Result<Recording> {
    if Geometry::new(f64::from(input.rate_hz), settings.hop, render::BLOCK).is_ok() {
        return Ok(input);
    }
    let Some(samples) = input.at_rate(FALLBACK_RATE_HZ) else {
        bail!("a sample rate of {} Hz cannot be converted", input.rate_hz);
    };
    Ok(Recording {
        rate_hz: FALLBACK_RATE_HZ,
        samples,
    })
}
