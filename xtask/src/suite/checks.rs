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
    // The plugin's own files once more.
    command.args(["--exclude", guarded::PACKAGE]);
    // Tests on the shared data are linted also where that data is not.
    command.args(
        SHARED_FEATURES
            .iter()
            .flat_map(|(_, feature)| ["--features", feature]),
    );
    command.args(["--features", "voxmeld-core/cli"]);
    command.args(["--features", "voxmeld-tests/rtsan"]);
    process::run(command.args(["--", "-D", "warnings"]))
}

/// Release, because that is where faiss is built: a debug check would build it a second time.
pub fn clippy(paths: &Paths) -> Command {
    let mut command = process::cargo(paths.root());
    command.args(["clippy", "--release", "--all-targets"]);
    command
}

/// Some toolchains come without these; a test run without them would check less and look the same.
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

/// Asked by running them: rustup puts a stand-in on PATH for a component that is not there.
pub fn missing_components() -> Vec<&'static str> {
    [("rustfmt", "rustfmt"), ("cargo-clippy", "clippy")]
        .into_iter()
        .filter(|(program, _)| !process::succeeds(Command::new(program).arg("--version")))
        .map(|(_, component)| component)
        .collect()
}
