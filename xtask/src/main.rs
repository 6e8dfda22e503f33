//! The developers' tool: `cargo xtask <command>`.

mod bundle;
#[cfg(unix)]
mod dist;
mod doctor;
mod files;
mod guarded;
mod install;
mod pack;
mod paths;
mod portable;
mod process;
mod report;
mod setup;
mod sound;
mod suite;
mod threads;
mod tidy;
mod ui;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::paths::Paths;
use crate::setup::Scope;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, tests, demonstrates and installs Voxmeld"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch and install what building and testing need (Debian packages only as root)
    Setup {
        /// Also install what `test --strict` needs
        #[arg(long)]
        strict: bool,
    },
    /// Build the plugin and assemble target/bundle
    Bundle {
        /// Bundle the existing build
        #[arg(long)]
        no_build: bool,
        /// `windows`: for 64-bit Windows, in target/windows/bundle
        #[arg(long, value_parser = ["windows"])]
        target: Option<String>,
    },
    /// Make the packages for people in target/dist
    Dist {
        /// Pack the build of target/release, which names paths of this machine in messages
        #[arg(long)]
        quick: bool,
    },
    /// Check the bundle: libraries, exported names, loading from an unusual path
    CheckBundle,
    /// Install the bundle to ~/.clap and ~/.vst3
    Install,
    /// List what is installed, what is missing, and how to install it
    Doctor,
    /// Check the rules of ARCHITECTURE.md
    Tidy {
        /// Instead, print the rows of its table of rooms with the actual imports
        #[arg(long)]
        print_imports: bool,
        /// Instead, print which room imports which
        #[arg(long, conflicts_with = "print_imports")]
        graph: bool,
    },
    /// Lint and test what builds on every system, without faiss and ONNX Runtime
    Portable,
    /// Stream speech through the plugin and write target/demo
    Demo,
    /// Print real-time factors and latencies of the default voice, search times, or times of full-size models
    Bench {
        /// `retrieval`: search times, and their ratio to those of faiss alone; `models`: full-size RVC voices and
        /// HuBERT, as windows and as streams
        #[arg(value_parser = ["retrieval", "models"])]
        what: Option<String>,
        /// Retrieval: only the smallest indices; a minute instead of a quarter of an hour
        #[arg(long, conflicts_with = "resume")]
        quick: bool,
        /// Retrieval: continue an interrupted run
        #[arg(long)]
        resume: bool,
        /// Models: also write the figures to this file
        #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "resume"])]
        json: Option<PathBuf>,
    },
    /// Play through the built plugin in real time, and write a report to target/soak
    Soak {
        /// Duration in minutes
        #[arg(long, default_value_t = 10.0)]
        minutes: f64,
        /// Number of plugin instances
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        instances: u32,
        /// Load of a competing process, as a share of one core (0 to 1)
        #[arg(long, default_value_t = 0.5)]
        competing: f64,
    },
    /// Evaluate the default voice pack
    #[command(subcommand)]
    Pack(pack::Pack),
    /// Run every check and test
    Test {
        /// Folder with test data that is not part of the project
        #[arg(long, value_name = "DIR")]
        shared: Option<PathBuf>,
        /// Install what the checks need, and fail if something is still missing
        #[arg(long)]
        strict: bool,
        /// Run only tidy, formatting, lints and unit tests of what changed since main
        #[arg(long, conflicts_with_all = ["shared", "strict"])]
        quick: bool,
        /// Run only what is built for Windows, under Wine
        #[arg(long, conflicts_with_all = ["shared", "strict", "quick"])]
        windows: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            ui::line(format!("\nerror: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<bool> {
    let paths = Paths::find();
    match command {
        Command::Setup { strict } => {
            let scope = if strict { Scope::Strict } else { Scope::Tests };
            ui::Stages::new(1).run("set-up", || setup::run(&paths, scope))?;
        }
        Command::Bundle { no_build, target } => {
            let mut stages = ui::Stages::new(2);
            stages.run("set-up", || setup::run(&paths, Scope::Bundle))?;
            stages.run("bundle", || match target {
                Some(_) => bundle::windows::run(&paths, !no_build),
                None => bundle::run(&paths, !no_build),
            })?;
        }
        #[cfg(not(unix))]
        Command::Dist { .. } => anyhow::bail!("packages are made on Linux"),
        #[cfg(unix)]
        Command::Dist { quick } => {
            let mut stages = ui::Stages::new(2);
            stages.run("set-up", || setup::run(&paths, Scope::Bundle))?;
            stages.run("packages", || dist::run(&paths, quick))?;
        }
        Command::CheckBundle => ui::Stages::new(1).run("bundle checks", || bundle::check::run(&paths))?,
        Command::Install => ui::Stages::new(1).run("install", || install::run(&paths))?,
        Command::Doctor => return doctor::run(&paths),
        Command::Tidy {
            print_imports: true, ..
        } => tidy::print(&paths, tidy::Print::Imports)?,
        Command::Tidy { graph: true, .. } => tidy::print(&paths, tidy::Print::Graph)?,
        Command::Tidy { .. } => ui::Stages::new(1).run("tidy", || tidy::run(&paths))?,
        Command::Portable => portable::run(&paths)?,
        Command::Demo => sound::demo(&paths)?,
        Command::Bench { what: None, .. } => sound::bench(&paths)?,
        Command::Bench {
            what: Some(what),
            json,
            ..
        } if what == "models" => sound::bench_models(&paths, json.as_deref())?,
        Command::Bench { quick, resume, .. } => sound::bench_retrieval(&paths, quick, resume)?,
        Command::Pack(command) => pack::run(&paths, &command)?,
        Command::Soak {
            minutes,
            instances,
            competing,
        } => sound::soak(&paths, minutes, instances, competing)?,
        Command::Test { quick: true, .. } => suite::quick(&paths)?,
        Command::Test { windows: true, .. } => suite::windows(&paths)?,
        Command::Test { shared, strict, .. } => suite::run(&paths, shared.as_deref(), strict)?,
    }
    Ok(true)
}
