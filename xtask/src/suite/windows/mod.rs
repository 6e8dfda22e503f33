//! `cargo xtask test --windows`: the bundle for Windows, played under Wine.

mod converted;
mod wine;

use anyhow::Result;

use crate::bundle::windows::{self, toolchain};
use crate::paths::Paths;
use crate::process;
use crate::setup::{self, Scope};
use crate::ui::{self, Stages};

use wine::Wine;

pub fn run(paths: &Paths) -> Result<()> {
    let mut stages = Stages::new(5);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bundle for Windows", || windows::run(paths, true))?;
    let mut wine = None;
    stages.run("Wine", || {
        wine = Some(Wine::ensure(paths)?);
        Ok(())
    })?;
    let Some(wine) = wine else { return Ok(()) };
    stages.run("recording converted as on Linux", || converted::run(paths, &wine))?;
    stages.check("unit tests of the engine", || {
        let mut command = toolchain::cargo(paths, "test");
        command.args(["--release", "-p", "voxmeld-core", "--lib"]);
        process::run_tests(wine.as_runner(&mut command))
    })?;
    stages.summary();
    ui::line("all tests for Windows passed");
    Ok(())
}
