//! One recording by the command lines of both systems.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::wine::Wine;
use crate::bundle::{self, windows};
use crate::paths::Paths;
use crate::{files, process, ui};

/// The difference of both results has to lie so far below them.
const LEAST_DB: f64 = 100.0;

pub fn run(paths: &Paths, wine: &Wine) -> Result<()> {
    process::run(process::cargo(paths.root()).args(["build", "--release", "-p", "voxmeld-cli"]))?;
    bundle::run(paths, true)?;
    let scratch = files::Scratch::new(paths.scratch("windows"))?;
    // Where people have their files; the program looks for its data beside itself.
    let folder = scratch.join("Ünïcode – 音声 plug ins");
    files::copy_tree(&paths.windows_bundle(), &folder)?;
    let speech = folder.join("input speech.flac");
    files::copy(&paths.root().join("assets/audio/input.flac"), &speech)?;

    let (here, there) = (folder.join("linux.wav"), folder.join("windows.wav"));
    let mut native = Command::new(paths.release().join("voxmeld-cli"));
    native.env("VOXMELD_DATA", paths.bundle().join(bundle::DATA));
    let native = seconds(native.arg("convert").arg(&speech).arg("-o").arg(&here))?;
    let mut wine = wine.command(&folder.join(windows::CLI));
    let wine = seconds(wine.arg("convert").arg(&speech).arg("-o").arg(&there))?;
    ui::detail(format!(
        "converted in {native:.1} s on Linux, in {wine:.1} s under Wine"
    ));

    let below = difference_db(&samples(&here)?, &samples(&there)?)?;
    ensure!(
        below > LEAST_DB,
        "under Wine the result differs from Linux's by {below:.1} dB below it; at least {LEAST_DB} are expected"
    );
    ui::detail(format!("difference to Linux's result: {below:.1} dB below it"));
    Ok(())
}

fn seconds(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    process::run(command)?;
    Ok(start.elapsed().as_secs_f64())
}

/// How far the difference lies below the first, in dB.
fn difference_db(expected: &[f32], found: &[f32]) -> Result<f64> {
    ensure!(
        expected.len() == found.len(),
        "{} samples on Linux, {} under Wine",
        expected.len(),
        found.len()
    );
    let energy = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let signal = energy(&mut expected.iter().map(|&value| f64::from(value)));
    ensure!(signal > 0.0, "Linux's result is silent");
    let pairs = expected.iter().zip(found);
    let difference = energy(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    Ok(10.0 * (signal / difference).log10())
}

/// The samples of a WAV file of 32-bit floats, which is what the command line writes.
fn samples(file: &Path) -> Result<Vec<f32>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut rest = bytes.get(12..).unwrap_or(&[]);
    while let Some((head, after)) = rest.split_at_checked(8) {
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let len = usize::try_from(len)?.min(after.len());
        if head.starts_with(b"data") {
            let values = after[..len].chunks_exact(4);
            return Ok(values
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect());
        }
        // Chunks begin at even places.
        rest = after.get(len + len % 2..).unwrap_or(&[]);
    }
    bail!("{} has no samples", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_of_a_thousandth_is_60_db_below() -> Result<()> {
        let db = difference_db(&[1.0, -1.0], &[1.001, -1.001])?;
        assert!((db - 60.0).abs() < 0.01, "{db}");
        assert!(difference_db(&[1.0], &[1.0, 2.0]).is_err());
        assert!(difference_db(&[0.0], &[0.0]).is_err());
        Ok(())
    }
}
