//! `voxmeld-cli model …`: what a file of weights is, and what its voice makes of given inputs.

mod arrays;
mod info;
mod render;

use anyhow::{Context, Result};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use voxmeld_core::import::{ModelKind, WeightsFile};

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

/// Opens a file and tells what it is.
fn open(path: &Path) -> Result<(WeightsFile, ModelKind)> {
    let cannot = || format!("{} cannot be used", path.display());
    let file = WeightsFile::open(path).with_context(cannot)?;
    let kind = ModelKind::of(&file).with_context(cannot)?;
    Ok((file, kind))
}
