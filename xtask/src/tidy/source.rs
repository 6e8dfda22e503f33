//! The text files of the checkout, Rust parsed once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files;

/// Folders that are not checked: git's own, and ignored ones.
const SKIPPED: &[&str] = &["target", ".git", "__pycache__", "node_modules"];

/// One text file of the checkout.
pub struct Source {
    /// Relative to the root, with forward slashes.
    pub path: String,
    pub text: String,
    /// `None` if it is not Rust or does not parse.
    pub syntax: Option<syn::File>,
}

impl Source {
    pub fn new(path: &str, text: String) -> Self {
        let rust = has_extension(path, "rs");
        Self {
            path: path.to_owned(),
            syntax: if rust { syn::parse_file(&text).ok() } else { None },
            text,
        }
    }

    pub fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }
}

pub fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == wanted)
}

pub fn read_all(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for file in tracked(root)? {
        // Models and recordings are not text; models.rs checks those.
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            let path = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            sources.push(Source::new(&path, text));
        }
    }
    Ok(sources)
}

fn tracked(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).with_context(|| format!("cannot list {}", root.display()))? {
        let path = entry?.path();
        let skipped = path
            .file_name()
            .is_some_and(|name| SKIPPED.iter().any(|skip| name == *skip));
        match (skipped, path.is_dir()) {
            (true, _) => {}
            (false, true) => found.extend(
                files::walk(&path)?
                    .into_iter()
                    .filter(|file| !in_skipped(file, root)),
            ),
            (false, false) => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn in_skipped(file: &Path, root: &Path) -> bool {
    let inner = file.strip_prefix(root).unwrap_or(file);
    inner
        .components()
        .any(|part| SKIPPED.iter().any(|skip| part.as_os_str() == *skip))
}
