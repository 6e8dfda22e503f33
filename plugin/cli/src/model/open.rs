//! Opens a file of weights.

use anyhow::{Context, Result};
use std::path::Path;
use voxmeld_core::import::{ModelKind, WeightsFile};

/// A file, and what it is.
pub fn open(path: &Path) -> Result<(WeightsFile, ModelKind)> {
    let cannot = || format!("{} cannot be used", path.display());
    let file = WeightsFile::open(path).with_context(cannot)?;
    let kind = ModelKind::of(&file).with_context(cannot)?;
    Ok((file, kind))
}
