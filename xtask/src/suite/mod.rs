//! `cargo xtask test`: all checks and tests, those that fail fastest first.

mod busy;
mod checks;
mod context;
mod deny;
mod quick;
mod unavailable;
mod windows;
mod workflows;
mod workspace;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::report::Report;
use crate::setup::{self, Scope};
use crate::ui::{self, Stages};
use crate::{bundle, guarded, process, threads, tidy};

use context::Suite;

pub use checks::missing_components;
pub use deny::is_installed as deny_is_installed;
pub use quick::run as quick;
pub use unavailable::{MIRI, THREAD_SANITIZER};
pub use windows::run as windows;
pub use workflows::is_installed as workflow_lint_is_installed;

pub fn run(paths: &Paths, shared: Option<&Path>, strict: bool) -> Result<()> {
    let shared = match shared {
        Some(dir) => Some(
            dir.canonicalize()
                .with_context(|| format!("--shared {}: no such folder", dir.display()))?,
        ),
        None => None,
    };
    let suite = Suite {
        paths,
        shared,
        strict,
    };
    let scope = if strict { Scope::Strict } else { Scope::Tests };
    let mut stages = Stages::new(16);
    stages.run("set-up", || {
        setup::run(paths, scope)?;
        checks::need_components()
    })?;
    stages.run("tidy", || tidy::run(paths))?;
    stages.run("formatting", || checks::formatting(paths))?;
    stages.run("lints", || checks::lints(paths))?;
    stages.check("workflows", || workflows::run(&suite))?;
    stages.check("crate licences and sources", || deny::run(&suite))?;
    stages.check("unit tests", || unit_tests(&suite))?;
    stages.check("between threads", || threads::run(paths))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("bundle checks", || bundle::check::run(paths))?;
    stages.check("whole-system tests", || whole_system(&suite))?;
    stages.check("live tests on a busy machine", || busy::run(&suite))?;
    stages.check("allocations in process", || {
        guarded::build(paths)?;
        let mut command = suite.cargo_test(&["voxmeld-tests"]);
        command.args(["--test", "resources", "--", "--ignored", "plugin_allocations::"]);
        command.env("VOXMELD_GUARDED", paths.guarded().join(bundle::CLAP));
        suite.test(suite.with_bundle(&mut command))
    })?;
    stages.check("editors", || editors(&suite))?;
    stages.check("live program with JACK", || jack_server(&suite))?;
    stages.check("real-time sanitizer", || real_time_sanitizer(&suite))?;
    stages.summary();
    ui::line("all tests passed");
    Ok(())
}

/// Unit tests of every package except those under `tests/`, which have their own stages.
fn unit_tests(suite: &Suite<'_>) -> Result<Report> {
    let packages = workspace::read(suite.paths)?;
    let tested = packages.iter().filter(|package| package.is_unit_tested());
    let mut command = suite.cargo_test(&tested.map(|package| &*package.name).collect::<Vec<_>>());
    // Without a data folder: unit tests do not need it, and some test its absence.
    suite.test(command.env_remove("VOXMELD_DATA"))
}

fn whole_system(suite: &Suite<'_>) -> Result<Report> {
    let mut command = suite.cargo_test(&["voxmeld-tests"]);
    let mut report = suite.test(suite.with_bundle(&mut command))?;
    if suite.shared.is_none() {
        report.add(unavailable::SHARED_DATA.report());
    }
    Ok(report)
}

/// Tests of the editor's windows, on an X server without a screen.
fn editors(suite: &Suite<'_>) -> Result<Report> {
    if !x_server_is_installed() {
        return suite.not_installed(
            "Xvfb",
            "`cargo xtask setup --strict` as root, or apt-get install xvfb",
        );
    }
    let mut command = suite.cargo_test(&["voxmeld-tests"]);
    command.args(["--test", "resources", "--", "--ignored", "editors::"]);
    suite.test(suite.with_bundle(&mut command))
}

pub fn x_server_is_installed() -> bool {
    process::find("Xvfb").is_some()
}

/// The live program with a JACK server that has no hardware: blocks of another size, a server that ends and comes back.
fn jack_server(suite: &Suite<'_>) -> Result<Report> {
    if !jack_is_installed() {
        return suite.not_installed(
            "jackd",
            "`cargo xtask setup --strict` as root, or apt-get install jackd2",
        );
    }
    let mut command = suite.cargo_test(&["voxmeld-live"]);
    command.args(["--test", "jack", "--", "--ignored"]);
    suite.test(&mut command)
}

fn jack_is_installed() -> bool {
    process::find("jackd").is_some()
}

/// Runs the audio thread under RealtimeSanitizer, whose library is in the Rust toolchain of some systems.
fn real_time_sanitizer(suite: &Suite<'_>) -> Result<Report> {
    let Some(library) = real_time_sanitizer_library()? else {
        return Ok(unavailable::REAL_TIME_SANITIZER.report());
    };
    let mut command = suite.cargo_test(&["voxmeld-tests"]);
    command.args(["--features", "voxmeld-tests/rtsan", "--test", "rtsan"]);
    command.env("RTSAN_ENABLE", "1").env("RTSAN_LIB_PATH", library);
    suite.test(suite.with_bundle(&mut command))
}

pub fn real_time_sanitizer_library() -> Result<Option<PathBuf>> {
    process::rust_library("librustc-stable_rt.rtsan.a")
}
