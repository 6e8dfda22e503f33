//! The list of what is in the packages, in CycloneDX's form.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::release::Release;
use crate::bundle::licences;
use crate::files;
use crate::paths::Paths;
use crate::setup::onnxruntime;

pub fn write(paths: &Paths, release: &Release, out: &Path) -> Result<()> {
    let mut components: Vec<Value> = licences::linked_crates(paths)?
        .iter()
        .map(|package| {
            json!({
                "type": "library",
                "name": package.name,
                "version": package.version,
                "purl": format!("pkg:cargo/{}@{}", package.name, package.version),
                "licenses": package.license.iter().map(|of| json!({ "expression": of })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let runtime = onnxruntime::library(paths);
    components.push(json!({
        "type": "library",
        "name": "onnxruntime",
        "version": onnxruntime::VERSION,
        "purl": format!("pkg:pypi/onnxruntime@{}", onnxruntime::VERSION),
        "licenses": [{ "expression": "MIT" }],
        "hashes": [{ "alg": "SHA-256", "content": files::sha256(&runtime)? }],
    }));
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": { "type": "application", "name": "voxmeld", "version": release.version },
        },
        "components": components,
    });
    let path = out.join(format!("voxmeld-{}.cdx.json", release.version));
    let text = serde_json::to_string_pretty(&list)? + "\n";
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
