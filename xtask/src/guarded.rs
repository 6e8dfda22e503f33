//! The plugin once more, with nice-plug's own watch over allocations in `process`, for the tests that play it.
//!
//! The watch works with debug assertions only. They are switched on for the three crates that ask for them, in the
//! usual profile and folder: faiss and everything else stay as they are, so this costs a minute and no more.

use anyhow::Result;

use crate::paths::Paths;
use crate::{files, process};

pub const PACKAGE: &str = "voxmeld-guarded";
const WATCHING: [&str; 3] = ["nice-plug", "nice-plug-core", "nice-assert-no-alloc"];

pub fn build(paths: &Paths) -> Result<()> {
    let mut command = process::cargo(paths.root());
    command.args(["build", "--release", "-p", PACKAGE, "--features", "watch"]);
    for name in WATCHING {
        command.arg("--config");
        command.arg(format!("profile.release.package.{name}.debug-assertions=true"));
    }
    process::run(&mut command)?;
    files::create_dir(&paths.guarded())?;
    files::copy(
        &paths.release().join("libvoxmeld_guarded.so"),
        &paths.guarded().join(crate::bundle::CLAP),
    )
}
