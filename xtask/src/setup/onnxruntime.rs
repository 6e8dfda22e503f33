//! ONNX Runtime's shared library: fetched with a pinned hash, verified again after unpacking.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::python;
use crate::paths::Paths;
use crate::{files, ui};

pub const VERSION: &str = "1.31.1";
pub const LIBRARY: &str = "libonnxruntime.so.1.31.1";
const LIBRARY_SHA256: &str = "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3";
pub const WINDOWS_LIBRARY: &str = "onnxruntime.dll";
const WINDOWS_LIBRARY_SHA256: &str = "8482d2ee174e28504f99730fb01d6861575870283de4ed3a897ad39170d9a9b9";
pub const LICENCE: &str = "LICENSE";
pub const NOTICES: &str = "ThirdPartyNotices.txt";

pub fn library(paths: &Paths) -> PathBuf {
    paths.ort().join(LIBRARY)
}

pub fn windows_library(paths: &Paths) -> PathBuf {
    paths.ort().join(WINDOWS_LIBRARY)
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
    let package = unpacked_wheel(paths, "ort", "manylinux_2_28_x86_64", &scratch)?;
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

/// `onnxruntime.dll`, fetched if it is missing.
pub fn ensure_for_windows(paths: &Paths) -> Result<()> {
    let library = windows_library(paths);
    let is_pinned = |path: &Path| files::sha256(path).is_ok_and(|hash| hash == WINDOWS_LIBRARY_SHA256);
    if is_pinned(&library) {
        return Ok(());
    }
    ui::detail("fetching ONNX Runtime 1.31.1 for Windows (pinned by hash)");
    let scratch = files::Scratch::new(paths.scratch("ort-windows"))?;
    let package = unpacked_wheel(paths, "ort-windows", "win_amd64", &scratch)?;
    let fetched = package.join("capi").join(WINDOWS_LIBRARY);
    if !is_pinned(&fetched) {
        bail!("{} does not have the pinned sha256", fetched.display());
    }
    files::copy(&fetched, &library)
}

/// The folder `onnxruntime` of the wheel that a list of requirements names.
fn unpacked_wheel(paths: &Paths, list: &str, platform: &str, scratch: &Path) -> Result<PathBuf> {
    python::download_wheel(paths, &paths.requirements(list), platform, scratch)?;
    let Some(wheel) = files::walk(scratch)?
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "whl"))
    else {
        bail!("pip downloaded no wheel into {}", scratch.display());
    };
    let unpacked = scratch.join("unpacked");
    python::unzip(paths, &wheel, &unpacked)?;
    Ok(unpacked.join("onnxruntime"))
}
