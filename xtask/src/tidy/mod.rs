//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that a compiler does not check.

mod code;
pub mod models;
mod places;
mod rooms;
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{files, ui};

/// Not ours to judge: what git ignores, and git itself.
const SKIPPED: &[&str] = &["target", ".git", "__pycache__", "node_modules"];

/// One text file of the checkout.
struct Source {
    /// From the root, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }
}

fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == wanted)
}

pub fn run(paths: &Paths) -> Result<()> {
    let sources = read_all(paths.root())?;
    let (mut problems, warnings) = sizes::check(&sources, sizes::ALLOWED);
    problems.extend(rooms::check(&sources));
    problems.extend(places::check(&sources, paths.root()));
    problems.extend(models::problems(&paths.root().join("assets"))?);

    for warning in warnings {
        ui::detail(format!("note: {warning}"));
    }
    if problems.is_empty() {
        ui::detail(format!("{} files follow the rules", sources.len()));
        return Ok(());
    }
    bail!(
        "{} rules are broken:\n  {}",
        problems.len(),
        problems.join("\n  ")
    )
}

fn read_all(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for file in tracked(root)? {
        // Models and sound are not text; models.rs looks at those.
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            let path = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
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

#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
