//! Rust and MinGW for Windows, and cargo's settings for them.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::setup::debian;
use crate::{process, ui};

pub const TARGET: &str = "x86_64-pc-windows-gnu";

/// Debian's, and why each is needed.
const PACKAGES: [(&str, &str); 2] = [
    ("gcc-mingw-w64-x86-64-posix", "links for Windows"),
    ("g++-mingw-w64-x86-64-posix", "compiles faiss for Windows"),
];

/// A program of MinGW's binutils.
pub fn tool(name: &str) -> String {
    if cfg!(windows) {
        name.to_owned()
    } else {
        format!("x86_64-w64-mingw32-{name}")
    }
}

/// A compiler of MinGW, with the threads of POSIX that libstdc++ needs.
pub fn compiler(name: &str) -> String {
    if cfg!(windows) {
        name.to_owned()
    } else {
        format!("x86_64-w64-mingw32-{name}-posix")
    }
}

/// Installs what is missing, or says what to install.
pub fn ensure() -> Result<()> {
    if process::find(&compiler("g++")).is_none() && !cfg!(windows) {
        debian::install_packages(&PACKAGES)?;
    }
    if has_rust_target()? {
        return Ok(());
    }
    if process::find("rustup").is_none() {
        bail!(
            "this Rust has no standard library for {TARGET}: install rustup, or the target in the way of your system"
        );
    }
    ui::detail(format!("fetching Rust's standard library for {TARGET}"));
    process::run_quietly(Command::new("rustup").args(["target", "add", TARGET]))
}

fn has_rust_target() -> Result<bool> {
    let folder =
        process::capture(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// `cargo <command> --target ...`. It has a target folder of its own, so that it does not wait for other builds.
pub fn cargo(paths: &Paths, command: &str) -> Command {
    let mut cargo = process::cargo(paths.root());
    cargo
        .args([command, "--target", TARGET])
        .env("CARGO_TARGET_DIR", paths.windows_target())
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", compiler("gcc"))
        .env("CC_x86_64_pc_windows_gnu", compiler("gcc"))
        .env("CXX_x86_64_pc_windows_gnu", compiler("g++"))
        .env("AR_x86_64_pc_windows_gnu", tool("ar"))
        .env(
            "CMAKE_TOOLCHAIN_FILE_x86_64_pc_windows_gnu",
            paths.windows_cmake(),
        );
    cargo
}
