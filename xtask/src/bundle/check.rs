//! `cargo xtask check-bundle`: checks the requirements of hosts on a bundle, in the files themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::{CLAP, DATA, vst3_binary_dir};
use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process, ui};

/// The plugin entry points of CLAP and VST3, and nothing else.
const EXPORTS: [&str; 4] = ["GetPluginFactory", "ModuleEntry", "ModuleExit", "clap_entry"];

/// Name prefixes of libraries that every desktop Linux has: C and C++ runtime, then X11 and GL with their
/// dependencies.
const SYSTEM: &[&str] = &[
    "linux-vdso.",
    "ld-linux",
    "libc.so",
    "libm.so",
    "libdl.so",
    "libpthread.so",
    "librt.so",
    "libgcc_s.so",
    "libstdc++.so",
    "libX",
    "libxcb",
    "libxkbcommon",
    "libGL",
    "libEGL",
    "libbsd.so",
    "libmd.so",
];

/// Each problem as a sentence; empty if there is none.
pub fn problems(bundle: &Path) -> Result<Vec<String>> {
    let plugins = [
        bundle.join(CLAP),
        bundle.join(vst3_binary_dir()).join("voxmeld.so"),
    ];
    let runtimes = [
        bundle.join(DATA).join(onnxruntime::LIBRARY),
        bundle.join(vst3_binary_dir()).join(onnxruntime::LIBRARY),
    ];
    let mut problems = Vec::new();
    for file in plugins.iter().chain(&runtimes).filter(|file| !file.is_file()) {
        problems.push(format!("{} is missing", file.display()));
    }
    if !problems.is_empty() {
        return Ok(problems);
    }
    for plugin in &plugins {
        let name = plugin.strip_prefix(bundle).unwrap_or(plugin).display();
        let found = [
            wrong_libraries(plugin, bundle)?,
            wrong_exports(plugin)?,
            wrong_headers(plugin)?,
        ]
        .concat();
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    for runtime in &runtimes {
        if !onnxruntime::has_pinned_hash(runtime) {
            problems.push(format!("{} is not the pinned ONNX Runtime", runtime.display()));
        }
        problems.extend(wrong_libraries(runtime, bundle)?);
    }
    Ok(problems)
}

/// Checks the bundle in place, then loads a copy of it from a path with spaces and non-ASCII letters.
pub fn run(paths: &Paths) -> Result<()> {
    let bundle = paths.bundle();
    let found = problems(&bundle)?;
    if !found.is_empty() {
        bail!("the bundle has problems:\n  {}", found.join("\n  "));
    }
    ui::detail("libraries, exports and headers are correct");

    let scratch = files::Scratch::new(paths.scratch("elsewhere"))?;
    let moved = scratch.join("Ünïcode – 音声 plug ins");
    files::copy_tree(&bundle, &moved)?;
    load(paths, &moved)?;
    ui::detail("loads from a folder with spaces and non-ASCII letters");
    Ok(())
}

/// Loads the libraries in a separate process with all symbols resolved.
fn load(paths: &Paths, bundle: &Path) -> Result<()> {
    const SCRIPT: &str = "\
import ctypes, os, sys
for path in sys.argv[1:]:
    library = ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_LOCAL)
    if not path.endswith('.1.31.1'):
        for name in ('clap_entry', 'GetPluginFactory', 'ModuleEntry', 'ModuleExit'):
            library[name]
";
    let binaries = bundle.join(vst3_binary_dir());
    let libraries: [PathBuf; 4] = [
        bundle.join(CLAP),
        bundle.join(DATA).join(onnxruntime::LIBRARY),
        binaries.join("voxmeld.so"),
        binaries.join(onnxruntime::LIBRARY),
    ];
    process::capture(
        Command::new(paths.venv_python())
            .args(["-c", SCRIPT])
            .args(libraries),
    )?;
    Ok(())
}

fn wrong_libraries(file: &Path, bundle: &Path) -> Result<Vec<String>> {
    let listing = process::capture(Command::new("ldd").arg(file))?;
    Ok(problems_in_ldd(&listing, bundle))
}

/// `ldd` prints `name => path (address)`, `name => not found`, or `path (address)`.
fn problems_in_ldd(listing: &str, bundle: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in listing.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, place) = line.split_once(" => ").unwrap_or((line, ""));
        let name = name.split_whitespace().next().unwrap_or_default();
        let file = Path::new(name)
            .file_name()
            .map_or_else(|| name.into(), |n| n.to_string_lossy());
        if place == "not found" {
            wrong.push(format!("needs {file}, which is not found"));
        } else if !SYSTEM.iter().any(|start| file.starts_with(start)) && !Path::new(place).starts_with(bundle)
        {
            wrong.push(format!("needs {file}, which is not on every desktop Linux"));
        }
    }
    wrong
}

fn wrong_exports(plugin: &Path) -> Result<Vec<String>> {
    let listing = process::capture(Command::new("nm").args(["-D", "--defined-only"]).arg(plugin))?;
    Ok(problems_in_exports(&listing, &EXPORTS))
}

/// What a list of names, one at the end of each line, has too much or too little.
pub fn problems_in_exports(listing: &str, expected: &[&str]) -> Vec<String> {
    let mut found: Vec<&str> = listing
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| name.split('@').next().unwrap_or(name))
        .collect();
    found.sort_unstable();
    let extra = found
        .iter()
        .filter(|name| !expected.contains(name))
        .map(|name| format!("exports {name}"));
    let lacking = expected
        .iter()
        .filter(|name| !found.contains(name))
        .map(|name| format!("does not export {name}"));
    extra.chain(lacking).collect()
}

/// Properties for which strict or newer systems reject a library.
fn wrong_headers(plugin: &Path) -> Result<Vec<String>> {
    let dynamic = process::capture(Command::new("readelf").args(["-dW"]).arg(plugin))?;
    let segments = process::capture(Command::new("readelf").args(["-lW"]).arg(plugin))?;
    let mut wrong = Vec::new();
    if dynamic.contains("TEXTREL") {
        wrong.push("has text relocations".to_owned());
    }
    if segments
        .lines()
        .any(|line| line.contains("GNU_STACK") && line.contains("RWE"))
    {
        wrong.push("requests an executable stack".to_owned());
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_libraries_and_bundled_ones_are_accepted() {
        let listing = "\tlinux-vdso.so.1 (0x00007f)\n\tlibstdc++.so.6 => /lib/libstdc++.so.6 (0x1)\n\
                       \tlibvoxmeld_x.so.1 => /some where/bundle/libvoxmeld_x.so.1 (0x2)\n\
                       \t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
        assert_eq!(
            problems_in_ldd(listing, Path::new("/some where/bundle")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn other_libraries_and_missing_ones_are_reported() {
        let listing = "\tlibgomp.so.1 => /lib/libgomp.so.1 (0x1)\n\tliblost.so.3 => not found\n";
        assert_eq!(
            problems_in_ldd(listing, Path::new("/b")),
            [
                "needs libgomp.so.1, which is not on every desktop Linux",
                "needs liblost.so.3, which is not found"
            ]
        );
    }

    #[test]
    fn extra_and_missing_exports_are_reported() {
        let good = "01 D clap_entry\n02 T GetPluginFactory\n03 T ModuleEntry\n04 T ModuleExit\n";
        assert_eq!(problems_in_exports(good, &EXPORTS), Vec::<String>::new());
        let bad = "01 D clap_entry\n02 T GetPluginFactory\n03 T ModuleEntry\n05 T cblas_sgemm@@V1\n";
        assert_eq!(
            problems_in_exports(bad, &EXPORTS),
            ["exports cblas_sgemm", "does not export ModuleExit"]
        );
    }
}
