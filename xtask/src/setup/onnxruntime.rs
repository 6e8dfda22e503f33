//! ONNX Runtime's shared library: fetched with a pinned hash, verified again after unpacking.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::python;
use crate::paths::Paths;
use crate::{files, ui};

pub const LIBRARY: &str = "libonnxruntime.so.1.31.1";
const LIBRARY_SHA256: &str = "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3";
pub const LICENCE: &str = "LICENSE";
pub const NOTICES: &str = "ThirdPartyNotices.txt";

pub fn library(paths: &Paths) -> PathBuf {
    paths.ort().join(LIBRARY)
}

/// True if the file has the pinned sha256.
pub fn has_pinned_hash(path: &Path) -> bool {
    files::sha256(path).is_ok_and(|hash| hash == LIBRARY_SHA256)
}

pub fn ensure(paths: &Paths) -> Result<()> {
    let complete = [LICENCE, NOTICES]
        .iter()
        .all(|name| paths.ort().join(name).is_file());
    if complete && has_pinned_hash(&library(paths)) {
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "ONNX Runtime is fetched on Linux x86_64 only: put version 1.31.1 into {}",
            paths.ort().display()
        );
    }
    ui::detail("fetching ONNX Runtime 1.31.1 (23 MB, pinned by hash)");
    let scratch = files::Scratch::new(paths.scratch("ort"))?;
    python::download_wheel(paths, &paths.requirements("ort"), &scratch)?;
    let Some(wheel) = files::walk(&scratch)?
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "whl"))
    else {
        bail!("pip downloaded no wheel into {}", scratch.display());
    };
    let unpacked = scratch.join("unpacked");
    python::unzip(paths, &wheel, &unpacked)?;

    let package = unpacked.join("onnxruntime");
    let fetched = package.join("capi").join(LIBRARY);
    if !has_pinned_hash(&fetched) {
        bail!("{} does not have the pinned sha256", fetched.display());
    }
    files::copy(&fetched, &library(paths))?;
    for name in [LICENCE, NOTICES] {
        files::copy(&package.join(name), &paths.ort().join(name))?;
    }
    Ok(())
}
