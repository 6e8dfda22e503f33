//! Settings shared by all stages of the suite.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::process;
use crate::report::Report;

/// Settings of one run of the suite.
pub(super) struct Suite<'a> {
    pub(super) paths: &'a Paths,
    /// Folder with data for tests that is not part of the project.
    pub(super) shared: Option<PathBuf>,
    /// True: a check that cannot run because something is not installed fails.
    pub(super) strict: bool,
}

/// Features that add tests on the shared data: package, and name of the feature for cargo.
pub(super) const SHARED_FEATURES: &[(&str, &str)] = &[
    ("voxmeld-core", "voxmeld-core/shared-data"),
    ("voxmeld-tests", "voxmeld-tests/shared-data"),
];

impl Suite<'_> {
    /// `cargo test` of these packages, with the shared data if there is any.
    pub(super) fn cargo_test(&self, packages: &[&str]) -> Command {
        let mut command = process::cargo(self.paths.root());
        command.args(["test", "--release"]);
        command.args(packages.iter().flat_map(|package| ["-p", package]));
        if let Some(dir) = &self.shared {
            let added = SHARED_FEATURES
                .iter()
                .filter(|(package, _)| packages.contains(package));
            command.args(added.flat_map(|(_, feature)| ["--features", feature]));
            command.env("VOXMELD_SHARED", dir);
        }
        command
    }

    /// Sets the path of the built plugin. Without VOXMELD_DATA: the plugin must find its data by itself, as in a host.
    pub(super) fn with_bundle<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("VOXMELD_BUNDLE", self.paths.bundle())
            .env("VOXMELD_PYTHON", self.paths.venv_python())
            .env_remove("VOXMELD_DATA")
    }

    /// Runs tests and counts them.
    pub(super) fn test(&self, command: &mut Command) -> Result<Report> {
        let report = process::run_tests(command)?.require_tests()?;
        if self.strict {
            report.require_all_run()?;
        }
        Ok(report)
    }

    /// Result of a check that needs something not installed: an error with `--strict`, else skipped.
    pub(super) fn not_installed(&self, what: &str, remedy: &str) -> Result<Report> {
        if self.strict {
            bail!("{what} is not installed, and --strict skips nothing; {remedy}");
        }
        Ok(Report::skipped(format!("{what} is not installed ({remedy})")))
    }
}
