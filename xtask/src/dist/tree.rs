//! The folders of an installation, the same for all packages:
//!
//! ```text
//! lib/voxmeld/voxmeld.data/          voices, ONNX Runtime, licences: once for all formats
//! lib/voxmeld/voxmeld, voxmeld-cli    the live program and the command line; bin/ has links to them
//! lib/clap/voxmeld.clap              the plugin
//! lib/clap/voxmeld.data              points to lib/voxmeld/voxmeld.data
//! lib/vst3/voxmeld.vst3/Contents/x86_64-linux/voxmeld.so    points to the CLAP file, which is both
//! share/man, share/metainfo, share/doc
//! ```
//!
//! Plugin and command line look for their data beside the file that a link points to, so the whole can be moved.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context, Result};

use super::build::{Binaries, CLI, LIVE};
use super::man;
use super::release::Release;
use crate::bundle::{self, CLAP, DATA};
use crate::files;
use crate::paths::Paths;

/// What programs and software centres call it.
pub const ID: &str = "voxmeld";

pub fn lay(paths: &Paths, release: &Release, binaries: &Binaries, stage: &Path) -> Result<()> {
    let own = stage.join("lib/voxmeld");
    bundle::lay_data(paths, &own.join(DATA))?;
    for (program, name) in [(&binaries.cli, CLI), (&binaries.live, LIVE)] {
        files::copy(program, &own.join(name))?;
        link(&format!("../lib/voxmeld/{name}"), &stage.join("bin").join(name))?;
    }

    let clap = stage.join("lib/clap");
    files::copy(&binaries.plugin, &clap.join(CLAP))?;
    link(&format!("../voxmeld/{DATA}"), &clap.join(DATA))?;
    let vst3 = stage.join("lib/vst3").join(bundle::vst3_binary_dir());
    link(&format!("../../../../clap/{CLAP}"), &vst3.join("voxmeld.so"))?;

    let share = stage.join("share");
    man::write(binaries, release, &share.join("man/man1"))?;
    let packaging = paths.packaging();
    let copied = [
        ("voxmeld.desktop", "applications/voxmeld.desktop".to_owned()),
        (
            "voxmeld.svg",
            "icons/hicolor/scalable/apps/voxmeld.svg".to_owned(),
        ),
        ("voxmeld.metainfo.xml", format!("metainfo/{ID}.metainfo.xml")),
        ("copyright", format!("doc/{ID}/copyright")),
    ];
    for (from, to) in copied {
        files::copy(&packaging.join(from), &share.join(to))?;
    }
    files::copy(
        &paths.root().join("CHANGELOG.md"),
        &share.join("doc").join(ID).join("changelog"),
    )?;
    set_modes(stage, &[own.join(CLI), own.join(LIVE)])
}

fn link(to: &str, at: &Path) -> Result<()> {
    files::create_dir(at.parent().context("a link has a folder")?)?;
    symlink(to, at).with_context(|| format!("cannot link {}", at.display()))
}

/// Readable by all, whatever this user's habits are; only programs can be started.
fn set_modes(stage: &Path, programs: &[std::path::PathBuf]) -> Result<()> {
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot set the mode of {}", path.display()))
    };
    let mut open = vec![stage.to_path_buf()];
    while let Some(folder) = open.pop() {
        set(&folder, 0o755)?;
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                set(&path, if programs.contains(&path) { 0o755 } else { 0o644 })?;
            }
        }
    }
    Ok(())
}
