//! The Debian package, by Debian's own tools.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::build::{CLI, LIVE};
use super::release::Release;
use super::tree::ID;
use crate::bundle::{CLAP, DATA};
use crate::paths::Paths;
use crate::setup::onnxruntime;
use crate::{files, process, ui};

pub fn write(paths: &Paths, release: &Release, stage: &Path, scratch: &Path, out: &Path) -> Result<()> {
    let root = scratch.join("deb");
    files::create_dir(&root)?;
    process::run_quietly(Command::new("cp").arg("-a").arg(stage).arg(root.join("usr")))?;
    let usr = root.join("usr");
    let share = usr.join("share");
    for text in [
        share.join("man/man1").join(CLI).with_extension("1"),
        share.join("man/man1").join(LIVE).with_extension("1"),
        share.join("doc").join(ID).join("changelog"),
    ] {
        process::run_quietly(Command::new("gzip").arg("-9n").arg(text))?;
    }
    let depends = depends(&usr, scratch)?;
    let control = root.join("DEBIAN/control");
    files::create_dir(&root.join("DEBIAN"))?;
    let text = control_text(paths, release, &depends, size(&usr)?)?;
    fs::write(&control, text).with_context(|| format!("cannot write {}", control.display()))?;
    write_md5sums(&root)?;

    let package = out.join(format!("{ID}_{}_amd64.deb", release.version));
    process::run_quietly(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .arg(&root)
            .arg(&package)
            .env("SOURCE_DATE_EPOCH", release.time.to_string())
            .stdout(std::process::Stdio::null()),
    )?;
    check(&package)
}

/// The libraries' packages and their least versions, from the symbols that the programs use.
fn depends(usr: &Path, scratch: &Path) -> Result<String> {
    let folder = scratch.join("shlibdeps");
    files::create_dir(&folder.join("debian"))?;
    let control = folder.join("debian/control");
    fs::write(
        &control,
        format!("Source: {ID}\n\nPackage: {ID}\nArchitecture: amd64\n"),
    )
    .with_context(|| format!("cannot write {}", control.display()))?;
    let printed = process::capture(
        Command::new("dpkg-shlibdeps")
            .current_dir(&folder)
            .args(["-O", "--ignore-missing-info"])
            .arg("-e")
            .arg(usr.join("lib/clap").join(CLAP))
            .arg("-e")
            .arg(usr.join("lib/voxmeld").join(CLI))
            .arg("-e")
            .arg(usr.join("lib/voxmeld").join(LIVE))
            .arg("-e")
            .arg(usr.join("lib/voxmeld").join(DATA).join(onnxruntime::LIBRARY)),
    )
    .context("dpkg-shlibdeps is in the package dpkg-dev")?;
    let depends = printed.trim().strip_prefix("shlibs:Depends=");
    depends
        .map(str::to_owned)
        .context("dpkg-shlibdeps printed no dependencies")
}

fn control_text(paths: &Paths, release: &Release, depends: &str, kibibytes: u64) -> Result<String> {
    let template = paths.packaging().join("control");
    let text =
        fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
    Ok(text
        .replace("@VERSION@", &release.version)
        .replace("@DEPENDS@", depends)
        .replace("@SIZE@", &kibibytes.to_string()))
}

/// In KiB, as dpkg counts it.
fn size(folder: &Path) -> Result<u64> {
    let mut kibibytes = 0;
    for file in files::walk(folder)?.iter().filter(|file| !file.is_symlink()) {
        kibibytes += files::size_of(file)?.div_ceil(1024);
    }
    Ok(kibibytes)
}

fn write_md5sums(root: &Path) -> Result<()> {
    let all = files::walk(&root.join("usr"))?;
    let own = all.iter().filter(|file| !file.is_symlink());
    let relative = own
        .map(|file| file.strip_prefix(root))
        .collect::<Result<Vec<_>, _>>()?;
    let sums = process::capture(Command::new("md5sum").current_dir(root).args(relative))?;
    let path = root.join("DEBIAN/md5sums");
    fs::write(&path, sums).with_context(|| format!("cannot write {}", path.display()))
}

/// Debian's own check of packages, where it is installed.
fn check(package: &Path) -> Result<()> {
    if process::find("lintian").is_none() {
        ui::detail("lintian is not installed: the .deb was not checked");
        return Ok(());
    }
    let output = Command::new("lintian")
        .args([
            "--no-tag-display-limit",
            "--fail-on",
            "error,warning",
            "--allow-root",
        ])
        .arg("--suppress-tags")
        .arg(ACCEPTED.map(|(tag, _)| tag).join(","))
        .arg(package)
        .output()
        .context("cannot start lintian")?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    bail!("lintian rejects {}:\n{}", package.display(), said.concat())
}

/// What lintian says to packages of Debian itself, and why it does not hold for this one.
const ACCEPTED: [(&str, &str); 4] = [
    ("initial-upload-closes-no-bugs", "no package of Debian"),
    ("no-changelog", "CHANGELOG.md has no lines of Debian's form"),
    ("syntax-error-in-debian-changelog", "the same"),
    (
        "embedded-library",
        "ONNX Runtime and libopus are ours, so that no host's copy is used",
    ),
];
