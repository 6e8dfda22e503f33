//! `cargo xtask pack eval`: evaluates the default voice pack on speakers outside its training data, through the built
//! plugin's command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::paths::Paths;
use crate::setup::{self, Scope, python};
use crate::ui::{self, Stages};
use crate::{bundle, process, sound};

#[derive(Subcommand)]
pub enum Pack {
    /// Convert speech of unseen speakers at five ratios and print objective scores (fetches 3 GB of evaluation models once)
    Eval(Eval),
}

#[derive(Args)]
pub struct Eval {
    /// Also write the table and every row as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Folder with more speech of unseen speakers (`data/speech`); without it one clip is evaluated
    #[arg(long, value_name = "DIR")]
    shared: Option<PathBuf>,
    /// Evaluate only the first N clips
    #[arg(long, value_name = "N")]
    clips: Option<usize>,
    /// Keep the converted clips here
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,
}

pub fn run(paths: &Paths, command: &Pack) -> Result<()> {
    let Pack::Eval(eval) = command;
    let mut stages = Stages::new(5);
    stages.run("set-up", || setup::run(paths, Scope::Bundle))?;
    stages.run("evaluation models", || python::ensure_judges(paths))?;
    stages.run("bundle", || bundle::run(paths, true))?;
    stages.run("bench", || sound::bench_default_hop(paths))?;
    stages.run("conversions and scores", || evaluate(paths, eval))
}

fn evaluate(paths: &Paths, eval: &Eval) -> Result<()> {
    process::run_quietly(process::cargo(paths.root()).args(["build", "--release", "-p", "voxmeld-cli"]))?;
    let mut command = Command::new(paths.judges_python());
    command
        .arg(paths.root().join("assets/make/evaluate.py"))
        .arg("--cli")
        .arg(paths.release().join("voxmeld-cli"))
        .arg("--data")
        .arg(paths.bundle().join("voxmeld.data"))
        .arg("--bench")
        .arg(paths.bench().join("bench.json"))
        .env("OMP_NUM_THREADS", "1");
    for (name, value) in [("--shared", &eval.shared), ("--audio", &eval.audio)] {
        if let Some(value) = value {
            command.arg(name).arg(absolute(value)?);
        }
    }
    if let Some(json) = &eval.json {
        if let Some(folder) = json.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        command.arg("--json").arg(std::path::absolute(json)?);
    }
    if let Some(clips) = eval.clips {
        command.arg("--clips").arg(clips.to_string());
    }
    ui::line("");
    process::run(&mut command)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("no such path: {}", path.display()))
}
