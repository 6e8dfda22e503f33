//! `cargo xtask bundle --target windows`: the plugin and the command line for 64-bit Windows, built here.
//!
//! ```text
//! target/windows/bundle/voxmeld.clap                          the DLL under CLAP's name ...
//! target/windows/bundle/voxmeld.data/                         ... and what it loads
//! target/windows/bundle/voxmeld.vst3/Contents/
//!     x86_64-win/voxmeld.vst3                                 the same DLL, with ONNX Runtime beside it
//!     Resources/packs/, Resources/licences/
//! target/windows/bundle/voxmeld-cli.exe
//! ```

mod check;
pub mod toolchain;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::{CLAP, DATA, LICENCES, PACKS, VST3, licences};
use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process, ui};

/// Built by cargo, and its name in the bundle's VST3 folder.
const PLUGIN: &str = "voxmeld.dll";
const VST3_BINARY: &str = "voxmeld.vst3";
pub const CLI: &str = "voxmeld-cli.exe";

pub fn run(paths: &Paths, build: bool) -> Result<()> {
    toolchain::ensure()?;
    onnxruntime::ensure_for_windows(paths)?;
    if build {
        for arguments in [&["-p", "voxmeld", "--lib"][..], &["-p", "voxmeld-cli"]] {
            let mut cargo = toolchain::cargo(paths, "build");
            process::run(cargo.arg("--release").args(arguments))?;
        }
    }
    let scratch = files::Scratch::new(paths.scratch("bundle-windows"))?;
    let bundle = scratch.join("bundle");
    assemble(paths, &bundle)?;
    let problems = check::problems(&bundle.join(CLAP), &bundle.join(CLI))?;
    if !problems.is_empty() {
        bail!("the bundle has problems:\n  {}", problems.join("\n  "));
    }
    files::replace(&bundle, &paths.windows_bundle())?;
    for name in [CLAP, CLI] {
        let file = paths.windows_bundle().join(name);
        ui::detail(format!(
            "{}: {}",
            file.display(),
            ui::size(files::size_of(&file)?)
        ));
    }
    Ok(())
}

fn assemble(paths: &Paths, bundle: &Path) -> Result<()> {
    let runtime = onnxruntime::windows_library(paths);
    let data = bundle.join(DATA);
    strip(paths, PLUGIN, &bundle.join(CLAP))?;
    strip(paths, CLI, &bundle.join(CLI))?;
    files::copy(&runtime, &data.join(onnxruntime::WINDOWS_LIBRARY))?;
    licences::write(paths, &data.join(LICENCES))?;
    files::copy_tree(&paths.packs(), &data.join(PACKS))?;

    let contents = bundle.join(VST3).join("Contents");
    let binaries = contents.join("x86_64-win");
    files::copy(&bundle.join(CLAP), &binaries.join(VST3_BINARY))?;
    files::copy(&runtime, &binaries.join(onnxruntime::WINDOWS_LIBRARY))?;
    for folder in [PACKS, LICENCES] {
        files::copy_tree(&data.join(folder), &contents.join("Resources").join(folder))?;
    }
    Ok(())
}

fn strip(paths: &Paths, name: &str, to: &Path) -> Result<()> {
    let built = paths.windows_release().join(name);
    if !built.is_file() {
        bail!("{} was not built", built.display());
    }
    files::create_dir(to.parent().unwrap_or(to))?;
    process::run_quietly(
        Command::new(toolchain::tool("strip"))
            .arg("-o")
            .arg(to)
            .arg(&built),
    )
}
