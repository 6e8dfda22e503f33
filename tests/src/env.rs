//! Paths of the bundle, the data and the recordings. `cargo xtask test` sets environment variables for them; the
//! fallbacks are paths in the workspace.

use anyhow::{Result, ensure};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// The root folder of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(manifest);
    package
        .parent()
        .map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Cargo's output folder.
#[must_use]
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => dir,
        Some(dir) => workspace().join(dir),
        None => workspace().join("target"),
    }
}

/// The folder with the built plugins (`VOXMELD_BUNDLE`).
///
/// # Errors
/// If it is missing; the message says how to build it.
pub fn bundle() -> Result<PathBuf> {
    let dir = variable("VOXMELD_BUNDLE").map_or_else(|| target().join("bundle"), PathBuf::from);
    ensure!(
        dir.join("voxmeld.clap").is_file(),
        "{} contains no voxmeld.clap: run `cargo xtask bundle` first",
        dir.display()
    );
    Ok(dir)
}

/// The build of the plugin that nice-plug aborts where the audio thread allocates (`VOXMELD_GUARDED`).
///
/// # Errors
/// If it is missing; the message says how to build it.
pub fn guarded() -> Result<PathBuf> {
    let file = variable("VOXMELD_GUARDED")
        .map_or_else(|| target().join("guarded").join("voxmeld.clap"), PathBuf::from);
    ensure!(
        file.is_file(),
        "{} is missing: `cargo xtask test` builds it",
        file.display()
    );
    Ok(file)
}

/// Sets the data folder (models and ONNX Runtime) of the engine that is linked into
/// this program: `VOXMELD_DATA`, or else the bundle's. Only the first call has an effect.
///
/// # Errors
/// If there is no such folder.
pub fn use_data() -> Result<()> {
    static ONCE: Once = Once::new();
    let dir = match variable("VOXMELD_DATA") {
        Some(dir) => PathBuf::from(dir),
        None => bundle()?.join("voxmeld.data"),
    };
    use_data_at(&dir, &ONCE)
}

/// As [`use_data`], with the data folder of a given bundle.
///
/// # Errors
/// If there is no such folder.
pub fn use_data_of(bundle: &Path) -> Result<()> {
    static ONCE: Once = Once::new();
    use_data_at(&bundle.join("voxmeld.data"), &ONCE)
}

fn use_data_at(dir: &Path, once: &Once) -> Result<()> {
    ensure!(
        dir.join("packs").join("default").join("pack.json").is_file(),
        "{} contains no default voice pack: run `cargo xtask bundle` first",
        dir.display()
    );
    once.call_once(|| voxmeld_core::pack::set_data_dir(dir));
    Ok(())
}

/// The sample speech of the project.
///
/// # Errors
/// If it is missing.
pub fn sample_speech() -> Result<PathBuf> {
    let path = workspace().join("assets").join("speech").join("allison_en.flac");
    ensure!(path.is_file(), "{} is missing from the project", path.display());
    Ok(path)
}

/// The Python interpreter that has pedalboard and faiss installed (`VOXMELD_PYTHON`).
///
/// # Errors
/// If it is missing; the message says how to install it.
pub fn python() -> Result<PathBuf> {
    let path = variable("VOXMELD_PYTHON")
        .map_or_else(|| target().join("venv").join("bin").join("python"), PathBuf::from);
    ensure!(
        path.is_file(),
        "{} is missing: `cargo xtask test` creates the Python environment of the tests",
        path.display()
    );
    Ok(path)
}

/// A file of the shared data, which is not part of the project (`VOXMELD_SHARED`).
///
/// # Errors
/// If the variable or the file is missing.
pub fn shared(path: &str) -> Result<PathBuf> {
    let dir = variable("VOXMELD_SHARED");
    let Some(dir) = dir.map(PathBuf::from) else {
        anyhow::bail!("VOXMELD_SHARED is not set: run `cargo xtask test --shared DIR`");
    };
    let inside = if dir.join("data").is_dir() {
        dir.join("data").join(path)
    } else {
        dir.join(path)
    };
    ensure!(
        inside.is_file(),
        "{} is missing from the shared data",
        inside.display()
    );
    Ok(inside)
}

/// An empty folder for files that a test writes.
///
/// # Errors
/// If it cannot be created.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let dir = target().join("test-scratch").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
