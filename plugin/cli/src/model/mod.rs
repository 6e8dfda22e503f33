//! `voxmeld-cli model …`: what a file of weights is, and what its voice makes of given inputs.

mod arrays;
mod info;
mod open;
mod render;

use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Model {
    /// Say what a .pth, .pt, .bin or .safetensors file is. Nothing in it is executed.
    Info {
        /// The file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run an RVC voice (.pth or .safetensors) on arrays, with given noise.
    Render(render::Render),
}

pub fn run(command: &Model) -> Result<()> {
    match command {
        Model::Info { file, json } => info::print(file, *json),
        Model::Render(args) => render::run(args),
    }
}
