//! `cargo xtask portable`: lints and tests what builds on Linux, Windows and macOS.
//!
//! faiss and ONNX Runtime are set up for Linux on x86_64 only. These packages compile the modules of the audio
//! thread (`rt`, `stream`, `dsp`) and the communication between threads without them.

use anyhow::Result;

use crate::paths::Paths;
use crate::process;
use crate::ui::Stages;

const PACKAGES: [&str; 4] = ["-p", "voxmeld-rooms", "-p", "voxmeld-threads"];

pub fn run(paths: &Paths) -> Result<()> {
    let mut stages = Stages::new(2);
    stages.run("lints", || {
        process::run(
            process::cargo(paths.root())
                .args(["clippy", "--release", "-p", "xtask"])
                .args(PACKAGES)
                .args(["--all-targets", "--", "-D", "warnings"]),
        )
    })?;
    stages.run("tests", || {
        process::run(
            process::cargo(paths.root())
                .args(["test", "--release"])
                .args(PACKAGES),
        )
    })?;
    stages.summary();
    Ok(())
}
