//! Encoders that are installed in the user's own folder.

use crate::import::{ModelKind, WeightsFile};
use std::path::{Path, PathBuf};

/// Folder of the encoders in the user's own folder.
pub(super) const ENCODERS: &str = "encoders";

/// The installed encoder with `dim` values per embedding, the first one by name. Weights are
/// recognised by their content, ONNX files by the number in their name.
#[must_use]
pub fn installed_encoder(own: &Path, dim: usize) -> Option<PathBuf> {
    let entries = std::fs::read_dir(own.join(ENCODERS)).ok()?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find(|path| makes(path, dim))
}

fn makes(path: &Path, dim: usize) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("onnx") => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            stem.split(|c: char| !c.is_ascii_digit())
                .any(|number| number == dim.to_string())
        }
        Some("pt" | "pth" | "bin" | "safetensors") => {
            let kind = WeightsFile::open(path).map(|file| ModelKind::of(&file));
            let Ok(Ok(ModelKind::Encoder(facts))) = kind else {
                return false;
            };
            let is_dim = |size: u64| usize::try_from(size).is_ok_and(|size| size == dim);
            is_dim(facts.width) || facts.projection.is_some_and(is_dim)
        }
        _ => false,
    }
}
