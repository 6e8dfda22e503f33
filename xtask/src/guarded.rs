//! Builds the plugin with nice-plug's check for allocations in `process`, for the tests that use it.
//!
//! The check works with debug assertions only. They are enabled for the three crates that use them, in the usual
//! profile and folder: faiss and all other crates are not built again, so this takes about a minute.

use anyhow::Result;

use crate::paths::Paths;
use crate::{files, process};

pub const PACKAGE: &str = "voxmeld-guarded";
const CHECKED_CRATES: [&str; 3] = ["nice-plug", "nice-plug-core", "nice-assert-no-alloc"];

pub fn build(paths: &Paths) -> Result<()> {
    let mut command = process::cargo(paths.root());
    command.args(["build", "--release", "-p", PACKAGE, "--features", "watch"]);
    for name in CHECKED_CRATES {
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
