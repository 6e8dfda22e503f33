//! The crates of the workspace, from `cargo metadata`.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::tree::{Crate, join};
use crate::process;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: String,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: String,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
}

pub fn crates(root: &Path) -> Result<Vec<Crate>> {
    let mut command = process::cargo(root);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Metadata =
        serde_json::from_str(&process::capture(&mut command)?).context("cannot read cargo's metadata")?;
    let mut crates = Vec::new();
    for package in metadata.packages {
        let folder = below(root, &package.manifest_path)?.replace("Cargo.toml", "");
        let mut dependencies: Vec<String> = package
            .dependencies
            .into_iter()
            .map(|dependency| dependency.rename.unwrap_or(dependency.name))
            .collect();
        dependencies.extend(["std", "core", "alloc"].map(str::to_owned));
        for target in package.targets {
            let is = |kinds: &[&str]| target.kind.iter().any(|kind| kinds.contains(&kind.as_str()));
            crates.push(Crate {
                root: below(root, &target.src_path)?,
                folder: folder.clone(),
                library: is(&["lib", "rlib", "cdylib", "proc-macro"]),
                tests: is(&["test", "example", "bench"]),
                dependencies: dependencies.iter().map(|name| name.replace('-', "_")).collect(),
                name: target.name,
            });
        }
    }
    Ok(crates)
}

/// Relative to the root, with forward slashes and without `..`.
fn below(root: &Path, file: &str) -> Result<String> {
    let inner = Path::new(file)
        .strip_prefix(root)
        .with_context(|| format!("{file} is outside {}", root.display()))?;
    Ok(join("", &inner.to_string_lossy().replace('\\', "/")))
}
