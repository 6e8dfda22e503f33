//! The folder with the voice packs and ONNX Runtime.

use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;
use voxmeld_core::names::shown_path;
use voxmeld_core::pack::set_data_dir;

#[derive(Args)]
pub struct DataDir {
    /// Folder with `packs/` and ONNX Runtime (the bundle's `voxmeld.data`); looked for beside this program if none is
    /// given.
    #[arg(long, env = "VOXMELD_DATA")]
    data: Option<PathBuf>,
}

impl DataDir {
    /// As [`Self::set`]; false if none is given and none is beside this program.
    pub fn set_if_found(&self) -> Result<bool> {
        if self.data.is_none() && beside_program().is_err() {
            return Ok(false);
        }
        self.set().map(|()| true)
    }

    /// Makes it the folder that packs and ONNX Runtime are taken from.
    pub fn set(&self) -> Result<()> {
        let folder = match &self.data {
            Some(given) => {
                ensure!(given.is_dir(), "--data: there is no folder {}", shown_path(given));
                given.clone()
            }
            None => beside_program()?,
        };
        set_data_dir(&folder);
        Ok(())
    }
}

/// Where the folder lies beside this program: installed with it, in a bundle, or in cargo's target folder.
fn beside_program() -> Result<PathBuf> {
    let program = std::env::current_exe().context("the place of this program is not known")?;
    let near = program.ancestors().skip(1).take(3);
    let inside = [
        "voxmeld.data",
        "bundle/voxmeld.data",
        "Resources/voxmeld.data",
        "Resources",
    ];
    let mut places = near.flat_map(|folder| inside.map(|name| folder.join(name)));
    places.find(|place| place.join("packs").is_dir()).with_context(|| {
        format!(
            "the folder voxmeld.data (voice packs and ONNX Runtime) was not found beside {}; name it with --data or \
             VOXMELD_DATA",
            shown_path(&program)
        )
    })
}
