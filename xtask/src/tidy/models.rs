//! Checks that every model, index and recording of a folder is in a manifest with its sha256.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files;

const DATA: &[&str] = &[
    "onnx",
    "index",
    "npy",
    "npz",
    "bin",
    "pt",
    "pth",
    "safetensors",
    "wav",
    "w64",
    "flac",
    "ogg",
    "opus",
    "mp3",
    "m4a",
    "mp4",
    "aac",
    "mkv",
    "mka",
    "webm",
    "aiff",
    "aifc",
    "caf",
];
const MANIFESTS: &[&str] = &["json", "toml", "md"];
/// Recordings are small and not counted towards the limit.
const SOUND: &[&str] = &[
    "wav", "w64", "flac", "ogg", "opus", "mp3", "m4a", "mp4", "aac", "mkv", "mka", "webm", "aiff", "aifc",
    "caf",
];
const MAX_MODEL_BYTES: u64 = 40_000_000;

/// Problems below `folder`. A manifest is any text file next to the data file, or in a folder above it up to `folder`,
/// that contains the file's name and its sha256, in any format.
pub fn problems(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let all = files::walk(folder)?;
    let mut manifests = Vec::new();
    for path in all.iter().filter(|path| has_extension(path, MANIFESTS)) {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        manifests.push((path.parent().unwrap_or(folder), text));
    }

    let mut problems = Vec::new();
    let mut model_bytes = 0;
    for path in all.iter().filter(|path| has_extension(path, DATA)) {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        let hash = files::sha256(path)?;
        let shown = path
            .strip_prefix(folder.parent().unwrap_or(folder))
            .unwrap_or(path)
            .display();
        let mut about_it = manifests
            .iter()
            .filter(|(dir, text)| path.starts_with(dir) && text.contains(name.as_ref()))
            .peekable();
        if about_it.peek().is_none() {
            problems.push(format!("{shown} is in no manifest"));
        } else if !about_it.any(|(_, text)| text.contains(&hash)) {
            problems.push(format!("{shown} has sha256 {hash}, which is not in its manifest"));
        }
        if !has_extension(path, SOUND) {
            model_bytes += files::size_of(path)?;
        }
    }
    if model_bytes > MAX_MODEL_BYTES {
        problems.push(format!(
            "all models together have {model_bytes} bytes; at most {MAX_MODEL_BYTES} are kept in git"
        ));
    }
    Ok(problems)
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension()
        .is_some_and(|found| wanted.iter().any(|ext| found == *ext))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_entry_or_with_another_hash_is_a_problem() -> Result<()> {
        let base = std::env::temp_dir().join(format!("voxmeld-models-{}", std::process::id()));
        let pack = base.join("packs").join("default");
        files::create_dir(&pack)?;
        fs::write(pack.join("a.onnx"), "abc")?;
        assert_eq!(problems(&base)?.len(), 1, "no manifest at all");

        fs::write(base.join("SOURCES.md"), "a.onnx was made by hand")?;
        assert!(problems(&base)?[0].contains("which is not in its manifest"));

        // The well-known sha256 of "abc".
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        fs::write(
            pack.join("pack.json"),
            format!("{{\"file\": \"a.onnx\", \"sha256\": \"{hash}\"}}"),
        )?;
        assert_eq!(problems(&base)?, Vec::<String>::new());

        fs::write(pack.join("a.onnx"), "abd")?;
        assert_eq!(
            problems(&base)?.len(),
            1,
            "the file changed and the manifest did not"
        );
        files::remove(&base)
    }
}
