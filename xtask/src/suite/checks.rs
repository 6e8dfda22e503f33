//! Checks of the sources: formatting and lints.

use std::process::Command;

use anyhow::{Result, bail};

use super::context::SHARED_FEATURES;
use crate::paths::Paths;
use crate::{guarded, process};

pub fn formatting(paths: &Paths) -> Result<()> {
    process::run(process::cargo(paths.root()).args(["fmt", "--all", "--check"]))
}

pub fn lints(paths: &Paths) -> Result<()> {
    let mut command = clippy(paths);
    command.arg("--workspace");
    // It compiles the plugin's files again.
    command.args(["--exclude", guarded::PACKAGE]);
    // Tests on the shared data are linted even if that data is not there.
    command.args(
        SHARED_FEATURES
            .iter()
            .flat_map(|(_, feature)| ["--features", feature]),
    );
    command.args(["--features", "voxmeld-tests/rtsan"]);
    process::run(command.args(["--", "-D", "warnings"]))
}

/// In the release profile, because faiss is built for it only.
pub fn clippy(paths: &Paths) -> Command {
    let mut command = process::cargo(paths.root());
    command.args(["clippy", "--release", "--all-targets"]);
    command
}

/// Fails if rustfmt or clippy is missing: the run would silently check less.
pub fn need_components() -> Result<()> {
    let missing = missing_components();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        bail!(
            "{missing} not installed. Run this, then the same command again:\n\n    rustup component add {missing}\n"
        );
    }
    Ok(())
}

/// Found by running them, because rustup has a proxy on PATH even for components that are not installed.
pub fn missing_components() -> Vec<&'static str> {
    [("rustfmt", "rustfmt"), ("cargo-clippy", "clippy")]
        .into_iter()
        .filter(|(program, _)| !process::succeeds(Command::new(program).arg("--version")))
        .map(|(_, component)| component)
        .collect()
}
