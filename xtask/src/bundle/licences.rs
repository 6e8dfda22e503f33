//! Collects the licence texts that a redistributed bundle must contain.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process};

pub fn write(paths: &Paths, folder: &Path) -> Result<()> {
    files::create_dir(folder)?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        files::copy(
            &paths.root().join(name),
            &folder.join(format!("voxmeld-{name}.txt")),
        )?;
    }
    files::copy(
        &paths.ort().join(onnxruntime::LICENCE),
        &folder.join("onnxruntime-LICENSE.txt"),
    )?;
    files::copy(
        &paths.ort().join(onnxruntime::NOTICES),
        &folder.join("onnxruntime-ThirdPartyNotices.txt"),
    )?;
    let crates = linked_crates(paths)?;
    if let Some(faiss) = crates.iter().find(|package| package.name == "faiss-sys") {
        files::copy(
            &faiss.folder().join("faiss").join("LICENSE"),
            &folder.join("faiss-LICENSE.txt"),
        )?;
    }
    let notices = folder.join("rust-crates.txt");
    fs::write(&notices, crate_notices(&crates)?)
        .with_context(|| format!("cannot write {}", notices.display()))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Clone, Deserialize)]
pub struct Package {
    id: String,
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

impl Package {
    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None: a normal dependency. Build and test dependencies are not in the binary.
    kind: Option<String>,
}

/// The packages of what people get.
const ROOTS: [&str; 3] = ["voxmeld", "voxmeld-live", "voxmeld-cli"];

/// The registry crates linked into the plugin and the programs, by name.
pub fn linked_crates(paths: &Paths) -> Result<Vec<Package>> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let text = process::capture(process::cargo(paths.root()).args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        &target,
    ]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("cannot read cargo metadata")?;
    let nodes: HashMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut open: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|p| ROOTS.contains(&p.name.as_str()))
        .map(|p| p.id.as_str())
        .collect();
    let mut linked = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !linked.insert(id) {
            continue;
        }
        let deps = nodes.get(id).map_or(&[][..], |node| &node.deps);
        open.extend(
            deps.iter()
                .filter(|d| d.dep_kinds.iter().any(|k| k.kind.is_none()))
                .map(|d| d.pkg.as_str()),
        );
    }
    let mut crates: Vec<Package> = metadata
        .packages
        .iter()
        .filter(|p| p.source.is_some() && linked.contains(p.id.as_str()))
        .cloned()
        .collect();
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(crates)
}

/// A table of all crates, then each distinct licence text once with the crates that use it.
fn crate_notices(crates: &[Package]) -> Result<String> {
    let mut out = String::from("Rust crates linked into Voxmeld\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in crates {
        let title = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("see the text below");
        let origin = package.repository.as_deref().unwrap_or("-");
        writeln!(out, "{title}  ({licence})  {origin}")?;
        for text in licence_texts(package.folder())? {
            texts.entry(text).or_default().push(title.clone());
        }
    }
    for (text, titles) in texts {
        write!(
            out,
            "\n{}\n{}\n\n{}\n",
            "=".repeat(78),
            titles.join(", "),
            text.trim_end()
        )?;
    }
    Ok(out)
}

fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().to_uppercase())
            .unwrap_or_default();
        let is_text = ["LICENSE", "LICENCE", "COPYING", "NOTICE"]
            .iter()
            .any(|start| name.starts_with(start));
        if is_text && path.is_file() {
            texts.push(String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n"));
        }
    }
    Ok(texts)
}
