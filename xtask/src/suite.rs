//! `cargo xtask test`: everything that must hold, in the order in which a failure is cheapest to find.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::setup::{self, Scope};
use crate::ui::{self, Stages};
use crate::{bundle, guarded, process, threads, tidy};

pub fn run(paths: &Paths, shared: Option<&Path>) -> Result<()> {
    let shared = match shared {
        Some(dir) => Some(
            dir.canonicalize()
                .with_context(|| format!("--shared {}: no such folder", dir.display()))?,
        ),
        None => None,
    };
    let mut stages = Stages::new(13);
    stages.run("set-up", || {
        setup::run(paths, Scope::Everything)?;
        need_components()
    })?;
    stages.run("tidy", || tidy::run(paths))?;
    stages.run("formatting", || {
        process::run(process::cargo(paths.root()).args(["fmt", "--all", "--check"]))
    })?;
    stages.run("lints", || lints(paths))?;
    stages.run("crate licences and sources", || deny(paths))?;
    stages.run("unit tests", || {
        let mut command = cargo_test(
            paths,
            &["voxmeld-core", "voxmeld-export", "voxmeld", "xtask"],
            shared.as_deref(),
        );
        // The command line's own tests, too.
        command.args(["--features", "voxmeld-core/cli"]);
        // No data folder: these tests bring what they need, and some are about having none.
        process::run(command.env_remove("VOXMELD_DATA"))
    })?;
    stages.run("between threads", || threads::run(paths))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("bundle checks", || bundle::check::run(paths))?;
    stages.run("whole-system tests", || {
        let mut command = cargo_test(paths, &["voxmeld-tests"], shared.as_deref());
        command.env("VOXMELD_BUNDLE", paths.bundle());
        // Not VOXMELD_DATA: the plugin must find its data by itself, as in a host.
        command.env_remove("VOXMELD_DATA");
        process::run(command.env("VOXMELD_PYTHON", paths.venv_python()))
    })?;
    stages.run("allocations in process", || guarded::run(paths))?;
    stages.run("editors", || editors(paths))?;
    stages.run("real-time sanitizer", || real_time_sanitizer(paths))?;
    stages.summary();
    ui::line("all tests passed");
    Ok(())
}

fn lints(paths: &Paths) -> Result<()> {
    let mut command = process::cargo(paths.root());
    // Release, because that is where faiss is built: a debug check would build it a second time.
    command.args(["clippy", "--release", "--workspace", "--all-targets"]);
    // The plugin's own files once more.
    command.args(["--exclude", guarded::PACKAGE]);
    // Tests on the shared data are linted also where that data is not.
    command.args(
        SHARED_FEATURES
            .iter()
            .flat_map(|(_, feature)| ["--features", feature]),
    );
    command.args([
        "--features",
        "voxmeld-core/cli",
        "--features",
        "voxmeld-tests/rtsan",
    ]);
    process::run(command.args(["--", "-D", "warnings"]))
}

/// Features that add tests which need the shared data: the package and how cargo calls the feature.
const SHARED_FEATURES: &[(&str, &str)] = &[
    ("voxmeld-core", "voxmeld-core/shared-data"),
    ("voxmeld-tests", "voxmeld-tests/shared-data"),
];

fn cargo_test(paths: &Paths, packages: &[&str], shared: Option<&Path>) -> Command {
    let mut command = process::cargo(paths.root());
    command.args(["test", "--release"]);
    command.args(packages.iter().flat_map(|package| ["-p", package]));
    if let Some(dir) = shared {
        let added = SHARED_FEATURES
            .iter()
            .filter(|(package, _)| packages.contains(package));
        command.args(added.flat_map(|(_, feature)| ["--features", feature]));
        command.env("VOXMELD_SHARED", dir);
    }
    command
}

/// The editor's windows, on an X server without a screen. That is a large package for one test: used where it is,
/// and said when it is not.
fn editors(paths: &Paths) -> Result<()> {
    if !x_server_is_there() {
        ui::detail("not checked: no Xvfb to open the editor in (apt-get install xvfb)");
        return Ok(());
    }
    let mut command = cargo_test(paths, &["voxmeld-tests"], None);
    command.args(["--test", "editors", "--", "--ignored"]);
    command.env("VOXMELD_BUNDLE", paths.bundle());
    process::run(command.env_remove("VOXMELD_DATA"))
}

pub fn x_server_is_there() -> bool {
    process::find("Xvfb").is_some()
}

/// The audio thread under RealtimeSanitizer, whose library comes with the Rust toolchain on some systems.
fn real_time_sanitizer(paths: &Paths) -> Result<()> {
    let Some(library) = real_time_sanitizer_library()? else {
        ui::detail(
            "not checked: this Rust toolchain has no RealtimeSanitizer (rustup's stable one for x86-64 Linux has)",
        );
        return Ok(());
    };
    let mut command = cargo_test(paths, &["voxmeld-tests"], None);
    command.args(["--features", "voxmeld-tests/rtsan", "--test", "rtsan"]);
    command.env("RTSAN_ENABLE", "1").env("RTSAN_LIB_PATH", library);
    command.env("VOXMELD_BUNDLE", paths.bundle());
    process::run(command.env_remove("VOXMELD_DATA"))
}

pub fn real_time_sanitizer_library() -> Result<Option<PathBuf>> {
    process::rust_library("librustc-stable_rt.rtsan.a")
}

/// Some toolchains come without these; a test run without them would check less and look the same.
fn need_components() -> Result<()> {
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

/// cargo-deny is a large tool of its own: used where it is, and said when it is not.
fn deny(paths: &Paths) -> Result<()> {
    if process::find("cargo-deny").is_none() {
        ui::detail("not checked: cargo-deny is not installed (cargo install cargo-deny)");
        return Ok(());
    }
    process::run(process::cargo(paths.root()).args([
        "deny",
        "--offline",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}
