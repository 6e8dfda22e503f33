//! The folder with the voice packs and ONNX Runtime.

use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use voxmeld_core::pack::set_data_dir;
use voxmeld_live::data::find_data;

#[derive(Args)]
pub struct DataDir {
    /// Folder with `packs/` and ONNX Runtime (the bundle's `voxmeld.data`); looked for beside this program and where
    /// the plugin is installed if none is given.
    #[arg(long, env = "VOXMELD_DATA")]
    data: Option<PathBuf>,
}

impl DataDir {
    /// As [`Self::set`]; false if none is given and none is found.
    pub fn set_if_found(&self) -> Result<bool> {
        if self.data.is_none() && find_data(None).is_err() {
            return Ok(false);
        }
        self.set().map(|()| true)
    }

    /// Makes it the folder that packs and ONNX Runtime are taken from.
    pub fn set(&self) -> Result<()> {
        set_data_dir(&self.find()?);
        Ok(())
    }

    /// The folder.
    pub fn find(&self) -> Result<PathBuf> {
        let given = self.data.as_deref().filter(|path| !path.as_os_str().is_empty());
        Ok(find_data(given)?)
    }
}
