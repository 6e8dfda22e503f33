//! What our threads say to each other: every interleaving of small programs under loom, and the same files
//! between real threads under ThreadSanitizer and miri, where the toolchain has them (package `tests/threads`).

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::paths::Paths;
use crate::process;
use crate::report::Report;
use crate::suite::{MIRI, THREAD_SANITIZER};

const PACKAGE: [&str; 2] = ["-p", "voxmeld-threads"];
/// Unit tests of `rt`, `stream` and `dsp` that miri has been seen to run in minutes. The others are all arithmetic,
/// or hang on the last bits of it, which miri makes up; what is shared between threads is in [`PACKAGE`].
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
    .ran_something()?;
    match sanitizer_library()? {
        Some(_) => sanitized(paths)?,
        None => report.add(THREAD_SANITIZER.report()),
    }
    if miri_is_there() {
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

/// Comes with the toolchain, like that of RealtimeSanitizer.
pub fn sanitizer_library() -> Result<Option<PathBuf>> {
    process::rust_library("librustc-stable_rt.tsan.a")
}

/// Installed and able to run: it needs the standard library's source, too.
pub fn miri_is_there() -> bool {
    process::succeeds(Command::new("cargo").args(["miri", "setup"]))
}

/// The real types under ThreadSanitizer: silent where all is well, and not where it is not.
fn sanitized(paths: &Paths) -> Result<()> {
    process::run(&mut under_sanitizer(paths))?;
    let mut race = under_sanitizer(paths);
    race.args(["--", "race"]);
    let said = process::what_fails_says(&mut race)?;
    ensure!(
        said.contains("ThreadSanitizer: data race"),
        "ThreadSanitizer did not see a race that is there: {said}"
    );
    Ok(())
}

fn under_sanitizer(paths: &Paths) -> Command {
    let mut command = process::cargo(paths.root());
    command
        .args(["test", "--release", "--target", TARGET])
        .args(PACKAGE)
        .args(REAL_TYPES);
    // The switch for sanitizers is not stable, the sanitizer that comes with the stable toolchain is. Only this
    // small package is compiled so, into a folder of its own.
    command.env("RUSTC_BOOTSTRAP", "1");
    command.env(
        "RUSTFLAGS",
        "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
    );
    command.env("CARGO_TARGET_DIR", paths.thread_sanitizer());
    command
}
