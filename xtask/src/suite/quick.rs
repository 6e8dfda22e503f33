//! `cargo xtask test --quick`: the checks for everyday work, in under two minutes.

use std::process::Command;

use anyhow::Result;

use super::checks;
use super::context::SHARED_FEATURES;
use super::workspace::{self, Package};
use crate::paths::Paths;
use crate::report::Report;
use crate::ui::{self, Stages};
use crate::{guarded, process, tidy};

pub fn run(paths: &Paths) -> Result<()> {
    let packages = workspace::read(paths)?;
    let files = changed_files(paths)?;
    let affected = workspace::affected(&packages, &files);
    let mut stages = Stages::new(4);
    stages.run("tidy", || tidy::run(paths))?;
    stages.run("formatting", || checks::formatting(paths))?;
    ui::detail(format!(
        "{} files changed; affected packages: {}",
        files.len(),
        affected
            .iter()
            .map(|package| &*package.name)
            .collect::<Vec<_>>()
            .join(" ")
    ));
    stages.check("lints of what changed", || lints(paths, &affected))?;
    stages.check("unit tests of what changed", || unit_tests(paths, &affected))?;
    stages.summary();
    ui::line("the quick checks passed; `cargo xtask test` runs all checks");
    Ok(())
}

/// Files that differ from the merge base with main, committed or not.
fn changed_files(paths: &Paths) -> Result<Vec<String>> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(paths.root());
        process::capture(&mut command)
    };
    // Without a branch main, compare with the last commit.
    let base = git(&["merge-base", "HEAD", "main"])
        .or_else(|_| git(&["merge-base", "HEAD", "origin/main"]))
        .unwrap_or_else(|_| "HEAD".to_owned());
    let changed = git(&["diff", "--name-only", "--relative", base.trim()])?;
    let new = git(&["ls-files", "--others", "--exclude-standard"])?;
    let mut files: Vec<String> = changed.lines().chain(new.lines()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn lints(paths: &Paths, affected: &[&Package]) -> Result<Report> {
    // It compiles the plugin's files again.
    let linted: Vec<&Package> = affected
        .iter()
        .copied()
        .filter(|package| package.name != guarded::PACKAGE)
        .collect();
    if linted.is_empty() {
        return Ok(Report::skipped("no linted package is affected"));
    }
    let mut command = checks::clippy(paths);
    select_packages(&mut command, &linted);
    for (package, feature) in SHARED_FEATURES {
        if linted.iter().any(|linted| linted.name == *package) {
            command.args(["--features", feature]);
        }
    }
    process::run(command.args(["--", "-D", "warnings"]))?;
    Ok(Report::default())
}

fn unit_tests(paths: &Paths, affected: &[&Package]) -> Result<Report> {
    let tested: Vec<&Package> = affected
        .iter()
        .copied()
        .filter(|package| package.is_unit_tested())
        .collect();
    if tested.is_empty() {
        return Ok(Report::skipped("no package with unit tests is affected"));
    }
    let mut command = process::cargo(paths.root());
    command.args(["test", "--release", "--bins"]);
    if tested.iter().any(|package| package.has_library) {
        command.arg("--lib");
    }
    select_packages(&mut command, &tested);
    process::run_tests(command.env_remove("VOXMELD_DATA"))?.require_tests()
}

fn select_packages(command: &mut Command, packages: &[&Package]) {
    command.args(packages.iter().flat_map(|package| ["-p", &*package.name]));
}
