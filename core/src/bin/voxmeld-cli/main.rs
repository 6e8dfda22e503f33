//! The engine without a host: converts recordings on the command line.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks on its terminal"
)]

mod audio;
mod bar;
mod convert;
mod data;
mod index;
mod library;
mod logging;
mod model;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Voice conversion with retrieval, on recordings.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert a recording; the result is as long, at the same rate and in time.
    Convert(convert::Convert),
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
}

fn main() -> Result<()> {
    let command = Cli::parse().command;
    logging::install()?;
    match command {
        Command::Convert(args) => convert::run(&args),
        Command::Index(command) => index::run(&command),
        Command::Model(command) => model::run(&command),
        Command::Voices(args) => library::list(&args),
        Command::Import(args) => library::import(&args),
    }
}
