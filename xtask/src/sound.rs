//! `cargo xtask demo`, `bench` and `soak`: the programs of package voxmeld-tests over a fresh bundle.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::paths::Paths;
use crate::setup::{self, Scope};
use crate::ui::{self, Stages};
use crate::{bundle, files, process};

pub fn demo(paths: &Paths) -> Result<()> {
    let mut stages = Stages::new(3);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("speech through the plugin", || {
        files::create_dir(&paths.demo())?;
        let mut command = program(paths, "voxmeld-demo");
        process::run(command.arg("--out").arg(paths.demo()))
    })?;
    ui::line("");
    summarise(&paths.demo().join("report.json"))?;
    for name in ["out.wav", "report.png", "report.json"] {
        ui::line(format!("  {}", paths.demo().join(name).display()));
    }
    Ok(())
}

pub fn bench(paths: &Paths) -> Result<()> {
    let mut stages = Stages::new(3);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("bench", || process::run(&mut program(paths, "voxmeld-bench")))
}

pub fn soak(paths: &Paths, minutes: f64, instances: u32, competing: f64) -> Result<()> {
    let mut stages = Stages::new(3);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("soak", || {
        let mut command = program(paths, "voxmeld-soak");
        for (name, value) in [
            ("--minutes", minutes.to_string()),
            ("--instances", instances.to_string()),
            ("--background-load", competing.to_string()),
        ] {
            command.args([name, &value]);
        }
        process::run(&mut command)
    })
}

/// Needs no bundle: it measures the core library alone.
pub fn bench_retrieval(paths: &Paths, quick: bool, resume: bool) -> Result<()> {
    let mut stages = Stages::new(2);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bench", || {
        let mut command = process::cargo(paths.root());
        command.args(["run", "--release", "--quiet", "-p", "voxmeld-tests"]);
        command.args(["--bin", "voxmeld-bench-retrieval", "--"]);
        command.args(quick.then_some("--quick"));
        process::run(command.args(resume.then_some("--resume")))
    })
}

/// Needs the bundle's ONNX Runtime.
pub fn bench_models(paths: &Paths, json: Option<&Path>) -> Result<()> {
    let mut stages = Stages::new(3);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("bench", || {
        let mut command = process::cargo(paths.root());
        command.args(["run", "--release", "--quiet", "-p", "voxmeld-tests"]);
        command.args(["--bin", "voxmeld-bench-models"]);
        if let Some(json) = json {
            command.args(["--", "--json"]).arg(std::path::absolute(json)?);
        }
        process::run(&mut command)
    })
}

/// The bench of the default hop only, into the bench's folder.
pub fn bench_default_hop(paths: &Paths) -> Result<()> {
    let mut command = program(paths, "voxmeld-bench");
    process::run(command.args(["--hop-ms", "20", "--out"]).arg(paths.bench()))
}

fn program(paths: &Paths, name: &str) -> Command {
    let mut command = process::cargo(paths.root());
    command.args([
        "run",
        "--release",
        "--quiet",
        "-p",
        "voxmeld-tests",
        "--bin",
        name,
        "--",
        "--bundle",
    ]);
    command.arg(paths.bundle());
    command
}

/// Prints the top level of the report; nested values are only in the file.
fn summarise(report: &Path) -> Result<()> {
    let text = fs::read_to_string(report).with_context(|| format!("cannot read {}", report.display()))?;
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", report.display()))?;
    for (name, entry) in value.as_object().context("the report is not an object")? {
        match entry {
            Value::Object(parts) if parts.values().all(Value::is_number) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|(part, number)| format!("{part} {number}"))
                    .collect();
                ui::line(format!("  {name}: {}", parts.join(", ")));
            }
            Value::Array(_) | Value::Object(_) => {}
            plain => ui::line(format!("  {name}: {plain}")),
        }
    }
    Ok(())
}
