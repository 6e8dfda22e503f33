//! The engine without a host: recordings, indices and voices on the command line, and control of the live program.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks on its terminal"
)]

mod audio;
mod bar;
mod convert;
mod data;
mod doctor;
mod index;
mod library;
mod live;
mod logging;
mod model;
mod shell;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Voice conversion with retrieval, on recordings; and control of the live program `voxmeld`.
#[derive(Parser)]
#[command(name = "voxmeld-cli", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// No progress and no remarks on success.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Convert recordings; a result is as long as its recording, at the same rate and in time.
    Convert(Box<convert::Convert>),
    /// List the installed voice packs with their targets, and the voices of the library.
    Voices(library::Voices),
    /// Put voices (.pth, .safetensors, .onnx, with .index), archives of them (.zip), and encoders into the library.
    Import(library::Import),
    /// Build, check and search indices.
    #[command(subcommand)]
    Index(index::Index),
    /// Look into voice files, and run them on given inputs.
    #[command(subcommand)]
    Model(model::Model),
    /// Control the running live program.
    Live(live::Live),
    /// Say what is installed, and whether this machine is fast enough.
    Doctor(doctor::Doctor),
    /// Print completions for a shell.
    Completions(shell::Completions),
    /// Print the man page.
    Man,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        if panic.to_string().contains("Broken pipe") {
            // Whoever read the output has enough of it, as in `| head`.
            std::process::exit(141);
        }
        eprintln!(
            "voxmeld-cli: an internal error, which is a bug: {panic}\nPlease report it with the command that you ran."
        );
    }));
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Causes on one line, and no backtrace whatever the environment says.
            eprintln!("voxmeld-cli: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    logging::install()?;
    match cli.command {
        Command::Convert(args) => convert::run(&args, cli.quiet),
        Command::Index(command) => index::run(&command),
        Command::Model(command) => model::run(&command),
        Command::Voices(args) => library::list(&args),
        Command::Import(args) => library::import(&args),
        Command::Live(args) => live::run(&args, cli.quiet),
        Command::Doctor(args) => doctor::run(&args, cli.quiet),
        Command::Completions(args) => shell::completions(&args, &mut Cli::command()),
        Command::Man => shell::man(&Cli::command()),
    }
}
