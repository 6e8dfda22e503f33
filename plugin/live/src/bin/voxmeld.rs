//! The program `voxmeld`: a microphone to another voice, live.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    voxmeld_live::program::run(&voxmeld_live::program::Options::parse())
}
