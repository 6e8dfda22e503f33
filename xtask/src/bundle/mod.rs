//! `cargo xtask bundle`: assembles the plugin for installation.
//!
//! ```text
//! target/bundle/voxmeld.clap                  the library under CLAP's name (on Linux: one file) ...
//! target/bundle/voxmeld.data/                 ... and the files that it loads: libraries, packs, speech, licences
//! target/bundle/voxmeld.vst3/Contents/
//!     x86_64-linux/voxmeld.so                 the same library, with the libraries that it loads beside it
//!     Resources/packs/, Resources/speech/, Resources/licences/
//! ```
//!
//! Both are the same binary. It finds its own path (`dladdr`), so the folders can be moved.

pub mod check;
pub mod licences;
pub mod windows;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process, ui};

pub const CLAP: &str = "voxmeld.clap";
pub const DATA: &str = "voxmeld.data";
pub const VST3: &str = "voxmeld.vst3";
const PACKS: &str = "packs";
const SPEECH: &str = "speech";
const LICENCES: &str = "licences";

/// The VST3 format names the folder after the machine's architecture.
pub fn vst3_binary_dir() -> PathBuf {
    Path::new(VST3)
        .join("Contents")
        .join(format!("{}-linux", std::env::consts::ARCH))
}

pub fn run(paths: &Paths, build: bool) -> Result<()> {
    if build {
        process::run(process::cargo(paths.root()).args(["build", "--release", "-p", "voxmeld"]))?;
    }
    let built = paths.release().join("libvoxmeld.so");
    if !built.is_file() {
        bail!(
            "{} does not exist: run `cargo xtask bundle` without --no-build",
            built.display()
        );
    }
    if !onnxruntime::has_pinned_hash(&onnxruntime::library(paths)) {
        bail!(
            "ONNX Runtime is not in {}: run `cargo xtask setup`",
            paths.ort().display()
        );
    }

    // Assembled in a temporary folder and then moved, so that an interrupted run keeps the last bundle.
    let scratch = files::Scratch::new(paths.scratch("bundle"))?;
    let stripped = strip(paths, &built, &scratch)?;
    let bundle = scratch.join("bundle");
    assemble(paths, &stripped, &bundle)?;
    files::replace(&bundle, &paths.bundle())?;
    report(paths)
}

/// Moves the debug information from the library to `target/symbols`, for crash reports.
fn strip(paths: &Paths, built: &Path, scratch: &Path) -> Result<PathBuf> {
    let stripped = scratch.join("stripped.so");
    let symbols = paths.symbols().join("voxmeld.debug");
    files::create_dir(&paths.symbols())?;
    process::run_quietly(
        Command::new("objcopy")
            .arg("--only-keep-debug")
            .arg(built)
            .arg(&symbols),
    )?;
    process::run_quietly(
        Command::new("objcopy")
            .arg("--strip-unneeded")
            .arg(format!("--add-gnu-debuglink={}", symbols.display()))
            .arg(built)
            .arg(&stripped),
    )?;
    Ok(stripped)
}

fn assemble(paths: &Paths, library: &Path, bundle: &Path) -> Result<()> {
    let data = bundle.join(DATA);
    files::copy(library, &bundle.join(CLAP))?;
    lay_data(paths, &data)?;

    let binaries = bundle.join(vst3_binary_dir());
    let resources = bundle.join(VST3).join("Contents").join("Resources");
    files::copy(library, &binaries.join("voxmeld.so"))?;
    files::copy(&onnxruntime::library(paths), &binaries.join(onnxruntime::LIBRARY))?;
    for folder in [PACKS, SPEECH, LICENCES] {
        if data.join(folder).is_dir() {
            files::copy_tree(&data.join(folder), &resources.join(folder))?;
        }
    }
    Ok(())
}

/// The files that the plugin loads: ONNX Runtime, packs, sample speech, licences.
pub fn lay_data(paths: &Paths, data: &Path) -> Result<()> {
    files::copy(&onnxruntime::library(paths), &data.join(onnxruntime::LIBRARY))?;
    licences::write(paths, &data.join(LICENCES))?;
    if paths.packs().is_dir() {
        files::copy_tree(&paths.packs(), &data.join(PACKS))?;
    } else {
        ui::detail("warning: assets/packs is missing: the bundle has no voice");
    }
    files::copy_tree(&paths.speech(), &data.join(SPEECH))?;
    Ok(())
}

fn report(paths: &Paths) -> Result<()> {
    let bundle = paths.bundle();
    let library = files::size_of(&bundle.join(CLAP))?;
    let mut data = 0;
    for file in files::walk(&bundle.join(DATA))? {
        data += files::size_of(&file)?;
    }
    ui::detail(format!("{}: {}", bundle.join(CLAP).display(), ui::size(library)));
    ui::detail(format!("{}: {}", bundle.join(DATA).display(), ui::size(data)));
    ui::detail(format!(
        "{}: {}",
        bundle.join(VST3).display(),
        ui::size(library + data)
    ));
    ui::detail(format!("debug information: {}", paths.symbols().display()));
    Ok(())
}
