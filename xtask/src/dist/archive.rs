//! The `.tar.gz` for any Linux.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::release::Release;
use crate::paths::Paths;
use crate::{files, process};

/// Puts the tree and the script that installs it into one folder of an archive.
pub fn write(paths: &Paths, release: &Release, stage: &Path, out: &Path) -> Result<()> {
    let name = format!("voxmeld-{}-linux-{}", release.version, std::env::consts::ARCH);
    let script = stage.join("install.sh");
    files::copy(&paths.packaging().join("install.sh"), &script)?;
    let archive = out.join(format!("{name}.tar.gz"));
    let packed = process::run_quietly(
        pack(release, stage)
            .arg(format!("--transform=flags=r;s,^\\.,{name},"))
            .arg("--use-compress-program=gzip -9n")
            .arg("-cf")
            .arg(&archive)
            .arg("."),
    );
    // The tree goes on to the next package.
    fs::remove_file(&script).with_context(|| format!("cannot remove {}", script.display()))?;
    packed
}

/// `tar` whose output depends on names and contents only.
fn pack(release: &Release, folder: &Path) -> Command {
    let mut tar = Command::new("tar");
    tar.arg("-C")
        .arg(folder)
        .args([
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--format=gnu",
        ])
        .arg(format!("--mtime=@{}", release.time));
    tar
}
