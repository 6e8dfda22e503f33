//! The virtual environment under `target/`: its pip fetches pinned packages, its Python runs test hosts.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{files, process, ui};

/// Creates the environment unless it has a working pip.
pub fn ensure_venv(paths: &Paths) -> Result<()> {
    // pip is run because a venv breaks when its base Python is upgraded or removed.
    if process::succeeds(Command::new(paths.venv_python()).args(["-m", "pip", "--version"])) {
        return Ok(());
    }
    if process::find("python3").is_none() {
        bail!("python3 is not on PATH. On Debian: sudo apt-get install -y python3 python3-venv");
    }
    ui::detail("creating a Python environment in target/venv");
    files::remove(&paths.venv())?;
    process::run_quietly(Command::new("python3").args(["-m", "venv"]).arg(paths.venv()))
}

/// Installs the test requirements, once per version of the committed list.
pub fn ensure_test_packages(paths: &Paths) -> Result<()> {
    let list = paths.requirements("test");
    let wanted = files::sha256(&list)?;
    let stamp = paths.venv().join("voxmeld-requirements.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    ui::detail("installing the tests' Python packages (pinned by hash)");
    process::run_quietly(
        pip(paths)
            .args(["install", "--require-hashes", "--only-binary=:all:", "-r"])
            .arg(&list),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Creates the environment of the evaluation models, once per version of the committed list.
pub fn ensure_judges(paths: &Paths) -> Result<()> {
    let list = paths.requirements("judges");
    let wanted = files::sha256(&list)?;
    let stamp = paths.judges().join("voxmeld-requirements.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    ui::detail(
        "installing the evaluation models (Resemblyzer, moonshine-voice and their dependencies, 3 GB, pinned by hash)",
    );
    files::remove(&paths.judges())?;
    process::run_quietly(Command::new("python3").args(["-m", "venv"]).arg(paths.judges()))?;
    process::run_quietly(
        Command::new(paths.judges_python())
            .args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install"])
            .args(["--require-hashes", "--no-deps", "--only-binary=:all:", "-r"])
            .arg(&list),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

pub fn have_test_packages(paths: &Paths) -> bool {
    process::succeeds(Command::new(paths.venv_python()).args(["-c", "import pedalboard, numpy, faiss"]))
}

/// Fetches one wheel for a fixed interpreter and system, independent of the Python in use.
pub fn download_wheel(paths: &Paths, requirements: &Path, platform: &str, into: &Path) -> Result<()> {
    process::run_quietly(
        pip(paths)
            .args(["download", "--require-hashes", "--no-deps", "--only-binary=:all:"])
            .args([
                "--implementation",
                "cp",
                "--python-version",
                "3.11",
                "--abi",
                "cp311",
            ])
            .args(["--platform", platform, "-r"])
            .arg(requirements)
            .arg("-d")
            .arg(into),
    )
}

/// Installs a pinned list of packages, including programs, into a folder.
pub fn install_to(paths: &Paths, requirements: &Path, folder: &Path) -> Result<()> {
    process::run_quietly(
        pip(paths)
            .args(["install", "--require-hashes", "--no-deps", "--only-binary=:all:"])
            .args(["--ignore-installed", "--no-warn-script-location", "--prefix"])
            .arg(folder)
            .arg("-r")
            .arg(requirements),
    )
}

pub fn unzip(paths: &Paths, archive: &Path, into: &Path) -> Result<()> {
    process::run_quietly(
        Command::new(paths.venv_python())
            .args(["-m", "zipfile", "-e"])
            .arg(archive)
            .arg(into),
    )
}

fn pip(paths: &Paths) -> Command {
    let mut command = Command::new(paths.venv_python());
    command.args([
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "10",
    ]);
    command
}
