//! `cargo xtask dist`: the packages that people install, in `target/dist`.
//!
//! ```text
//! voxmeld-<version>-linux-x86_64.tar.gz    the tree of `tree.rs` and install.sh
//! voxmeld_<version>_amd64.deb              the same tree under /usr
//! voxmeld-<version>.cdx.json               what is in them (CycloneDX)
//! SHA256SUMS
//! ```
//!
//! Equal sources give equal files: times are the last commit's (or `SOURCE_DATE_EPOCH`), owners are root, and the
//! build replaces the paths of this machine by `/voxmeld` and `/cargo`.

mod archive;
mod build;
mod deb;
mod man;
mod release;
mod sbom;
mod tree;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process, ui};
use release::Release;

/// Makes all packages; `quick` packs the existing build of `cargo build --release` instead of making one whose
/// paths are replaced.
pub fn run(paths: &Paths, quick: bool) -> Result<()> {
    if !onnxruntime::has_pinned_hash(&onnxruntime::library(paths)) {
        bail!(
            "ONNX Runtime is not in {}: run `cargo xtask setup`",
            paths.ort().display()
        );
    }
    let release = Release::of(paths)?;
    let scratch = files::Scratch::new(paths.scratch("dist"))?;
    let binaries = build::run(paths, &scratch, quick)?;
    let stage = scratch.join("stage");
    tree::lay(paths, &release, &binaries, &stage)?;

    let out = scratch.join("out");
    files::create_dir(&out)?;
    archive::write(paths, &release, &stage, &out)?;
    if process::find("dpkg-deb").is_some() {
        deb::write(paths, &release, &stage, &scratch, &out)?;
    } else {
        ui::detail("no .deb: dpkg-deb is not installed");
    }
    sbom::write(paths, &release, &out)?;
    write_sums(&out)?;
    files::replace(&out, &paths.dist())?;
    for file in files::walk(&paths.dist())? {
        ui::detail(format!(
            "{}: {}",
            file.display(),
            ui::size(files::size_of(&file)?)
        ));
    }
    Ok(())
}

fn write_sums(folder: &std::path::Path) -> Result<()> {
    let mut sums = String::new();
    for file in files::walk(folder)? {
        let name = PathBuf::from(file.file_name().context("a file has a name")?);
        sums += &format!("{}  {}\n", files::sha256(&file)?, name.display());
    }
    let path = folder.join("SHA256SUMS");
    fs::write(&path, sums).with_context(|| format!("cannot write {}", path.display()))
}
