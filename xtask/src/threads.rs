//! Communication between threads (package `tests/threads`): every interleaving of small programs under loom, and the
//! same files with real threads under ThreadSanitizer and miri, if the toolchain has them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::paths::Paths;
use crate::process;
use crate::report::Report;
use crate::suite::{MIRI, THREAD_SANITIZER};

const PACKAGE: [&str; 2] = ["-p", "voxmeld-threads"];
/// Unit tests of `rt`, `stream` and `dsp` that miri runs in minutes. The others are arithmetic only, or depend on its
/// last bits, which miri randomises; code shared between threads is in [`PACKAGE`].
const ROOMS: [&str; 12] = [
    "-p",
    "voxmeld-rooms",
    "--",
    "dsp::half_sample",
    "dsp::limiter",
    "dsp::loudness",
    "dsp::noise",
    "geometry",
    "rt::delay",
    "rt::glide",
    "stream::tests::a_reset",
    "rates_without",
];
const REAL_TYPES: [&str; 3] = ["--no-default-features", "--features", "real"];
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub fn run(paths: &Paths) -> Result<Report> {
    let mut report = process::run_tests(
        process::cargo(paths.root())
            .args(["test", "--release"])
            .args(PACKAGE),
    )?
    .require_tests()?;
    match sanitizer_library()? {
        Some(_) => sanitized(paths)?,
        None => report.add(THREAD_SANITIZER.report()),
    }
    if miri_is_installed() {
        process::run(
            process::cargo(paths.root())
                .args(["miri", "test"])
                .args(PACKAGE)
                .args(REAL_TYPES),
        )?;
        process::run(process::cargo(paths.root()).args(["miri", "test"]).args(ROOMS))?;
    } else {
        report.add(MIRI.report());
    }
    Ok(report)
}

/// Part of the toolchain, like that of RealtimeSanitizer.
pub fn sanitizer_library() -> Result<Option<PathBuf>> {
    process::rust_library("librustc-stable_rt.tsan.a")
}

/// True if miri is installed and can run: it also needs the standard library's source.
pub fn miri_is_installed() -> bool {
    process::succeeds(Command::new("cargo").args(["miri", "setup"]))
}

/// Runs the real types under ThreadSanitizer, and checks that it reports a planted race.
fn sanitized(paths: &Paths) -> Result<()> {
    process::run(&mut under_sanitizer(paths))?;
    let mut race = under_sanitizer(paths);
    race.args(["--", "race"]);
    let output = process::output_of_failing(&mut race)?;
    ensure!(
        output.contains("ThreadSanitizer: data race"),
        "ThreadSanitizer did not report the planted race: {output}"
    );
    Ok(())
}

fn under_sanitizer(paths: &Paths) -> Command {
    let mut command = process::cargo(paths.root());
    command
        .args(["test", "--release", "--target", TARGET])
        .args(PACKAGE)
        .args(REAL_TYPES);
    // The option is unstable, but the sanitizer is part of the stable toolchain. Only this small package is compiled
    // with it, into its own folder.
    command.env("RUSTC_BOOTSTRAP", "1");
    command.env(
        "RUSTFLAGS",
        "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
    );
    command.env("CARGO_TARGET_DIR", paths.thread_sanitizer());
    command
}
