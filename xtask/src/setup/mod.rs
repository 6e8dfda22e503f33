//! `cargo xtask setup`: installs what builds, bundles and tests need. Fast if nothing is missing.

pub mod debian;
pub mod onnxruntime;
pub mod python;
mod scope;
pub mod tools;

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;

use anyhow::{Context, Result};

pub use scope::Scope;

use crate::paths::Paths;
use crate::{files, ui};

pub fn run(paths: &Paths, scope: Scope) -> Result<()> {
    debian::install(scope)?;
    python::ensure_venv(paths)?;
    onnxruntime::ensure(paths)?;
    link_dev_data(paths)?;
    if scope >= Scope::Tests {
        python::ensure_test_packages(paths)?;
        tools::ensure(paths)?;
    }
    if !faiss_is_built(paths) {
        ui::detail("the first build compiles faiss: about 4 minutes on 2 cores, with no output meanwhile");
    }
    Ok(())
}

fn faiss_is_built(paths: &Paths) -> bool {
    let Ok(builds) = fs::read_dir(paths.release().join("build")) else {
        return false;
    };
    builds.flatten().any(|entry| {
        let ours = entry.file_name().to_string_lossy().starts_with("faiss-sys-");
        ours && entry.path().join("out").join("lib").join("libfaiss.a").is_file()
    })
}

/// Not reached yet: on other systems [`onnxruntime::ensure`] fails before.
#[cfg(not(unix))]
fn symlink(_to: &std::path::Path, _link: &std::path::Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Creates a data folder of links into the checkout, for unit tests and for running from it.
fn link_dev_data(paths: &Paths) -> Result<()> {
    let folder = paths.dev_data();
    files::create_dir(&folder)?;
    for (name, to) in [
        (onnxruntime::LIBRARY, onnxruntime::library(paths)),
        ("packs", paths.packs()),
    ] {
        let link = folder.join(name);
        if fs::read_link(&link).is_ok_and(|have| have == to) {
            continue;
        }
        files::remove(&link)?;
        symlink(&to, &link).with_context(|| format!("cannot link {}", link.display()))?;
    }
    Ok(())
}
