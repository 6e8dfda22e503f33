//! Licences, sources and advisories of crates, by cargo-deny.

use std::path::PathBuf;

use anyhow::Result;

use super::context::Suite;
use super::unavailable;
use crate::paths::Paths;
use crate::report::Report;
use crate::setup::tools;
use crate::{process, ui};

/// As in deny.toml.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub fn is_installed(paths: &Paths) -> bool {
    tools::cargo_deny(paths).is_some()
}

pub fn run(suite: &Suite<'_>) -> Result<Report> {
    let Some(program) = tools::cargo_deny(suite.paths) else {
        return suite.not_installed("cargo-deny", "cargo install --locked cargo-deny");
    };
    let deny = |checks: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.current_dir(suite.paths.root());
        command.args(["--offline", "check"]).args(checks);
        command
    };
    // Also for crates that no build on this machine has needed so far.
    let mut fetch = process::cargo(suite.paths.root());
    process::run(fetch.args(["fetch", "--locked", "--quiet", "--target", TARGET]))?;
    process::run(&mut deny(&["licenses", "bans", "sources"]))?;
    let Some(database) = advisories() else {
        return Ok(unavailable::ADVISORIES.report());
    };
    ui::detail(format!("advisories from {}", database.display()));
    process::run(&mut deny(&["advisories"]))?;
    Ok(Report::default())
}

/// Folder of cargo-deny's advisory database, if it exists.
fn advisories() -> Option<PathBuf> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cargo"),
    };
    let folder = home.join("advisory-dbs");
    folder.read_dir().ok()?.next().is_some().then_some(folder)
}
