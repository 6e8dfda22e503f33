//! The packages of the workspace from cargo metadata: folders and dependencies.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::paths::Paths;
use crate::process;

/// Packages that compile files of another package, which cargo does not know.
const COMPILES_FILES_OF: [(&str, &str); 3] = [
    ("voxmeld-guarded", "voxmeld"),
    ("voxmeld-rooms", "voxmeld-core"),
    ("voxmeld-threads", "voxmeld-core"),
];

pub struct Package {
    pub name: String,
    /// Relative to the root, with forward slashes.
    pub folder: String,
    /// Dependencies within the workspace.
    uses: Vec<String>,
    pub has_library: bool,
}

impl Package {
    /// False for packages under `tests/`, which have their own stages.
    pub fn is_unit_tested(&self) -> bool {
        !(self.folder == "tests" || self.folder.starts_with("tests/"))
    }
}

pub fn read(paths: &Paths) -> Result<Vec<Package>> {
    let mut command = process::cargo(paths.root());
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: Metadata = serde_json::from_str(&process::capture(&mut command)?)
        .context("cannot read the output of `cargo metadata`")?;
    let root = paths.root().to_string_lossy().replace('\\', "/");
    let names: Vec<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.clone())
        .collect();
    let mut packages = Vec::new();
    for package in metadata.packages {
        let manifest = package.manifest_path.replace('\\', "/");
        let folder = manifest
            .strip_prefix(&root)
            .and_then(|path| path.strip_suffix("/Cargo.toml"))
            .with_context(|| format!("{manifest} is outside the workspace"))?
            .trim_start_matches('/')
            .to_owned();
        let mut uses: Vec<String> = package
            .dependencies
            .into_iter()
            .map(|dependency| dependency.name)
            .filter(|name| names.contains(name))
            .collect();
        uses.extend(
            COMPILES_FILES_OF
                .iter()
                .filter(|(user, _)| *user == package.name)
                .map(|(_, used)| (*used).to_owned()),
        );
        packages.push(Package {
            name: package.name,
            folder,
            uses,
            has_library: package
                .targets
                .iter()
                .any(|target| target.kind.iter().any(|kind| kind == "lib")),
        });
    }
    Ok(packages)
}

/// The packages of these files, and all that depend on them. Build files at the root affect all packages, documents
/// none.
pub fn affected<'a>(packages: &'a [Package], files: &[String]) -> Vec<&'a Package> {
    let owner = |file: &str| {
        packages
            .iter()
            .filter(|package| file.starts_with(&format!("{}/", package.folder)))
            .max_by_key(|package| package.folder.len())
    };
    let mut found: Vec<&Package> = Vec::new();
    for file in files {
        match owner(file) {
            Some(package) => found.push(package),
            None if affects_all(file) => return packages.iter().collect(),
            None => {}
        }
    }
    // Transitive dependents.
    loop {
        let more: Vec<&Package> = packages
            .iter()
            .filter(|package| !found.iter().any(|known| known.name == package.name))
            .filter(|package| {
                package
                    .uses
                    .iter()
                    .any(|name| found.iter().any(|known| known.name == *name))
            })
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    packages
        .iter()
        .filter(|package| found.iter().any(|known| known.name == package.name))
        .collect()
}

/// True for files that affect the build of all packages.
fn affects_all(file: &str) -> bool {
    ["Cargo.toml", "Cargo.lock", "clippy.toml"].contains(&file) || file.starts_with(".cargo/")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<MetadataDependency>,
    targets: Vec<MetadataTarget>,
}

#[derive(Deserialize)]
struct MetadataDependency {
    name: String,
}

#[derive(Deserialize)]
struct MetadataTarget {
    kind: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, uses: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            folder: folder.to_owned(),
            uses: uses.iter().map(|&name| name.to_owned()).collect(),
            has_library: true,
        }
    }

    fn names(files: &[&str]) -> Vec<String> {
        let packages = [
            package("core", "core", &[]),
            package("plugin", "plugin", &["core", "export"]),
            package("export", "plugin/export", &[]),
            package("tests", "tests", &["core"]),
            package("xtask", "xtask", &[]),
        ];
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        affected(&packages, &files)
            .iter()
            .map(|package| package.name.clone())
            .collect()
    }

    #[test]
    fn a_changed_package_affects_its_dependents() {
        assert_eq!(names(&["core/src/lib.rs"]), ["core", "plugin", "tests"]);
        assert_eq!(names(&["xtask/src/ui.rs"]), ["xtask"]);
    }

    #[test]
    fn a_file_belongs_to_the_innermost_package() {
        assert_eq!(names(&["plugin/export/src/lib.rs"]), ["plugin", "export"]);
        assert_eq!(names(&["plugin/src/lib.rs"]), ["plugin"]);
    }

    #[test]
    fn the_lock_file_affects_all_packages_and_a_document_none() {
        assert_eq!(names(&["Cargo.lock"]).len(), 5);
        assert!(names(&["README.md", "assets/speech/a.flac"]).is_empty());
    }
}
