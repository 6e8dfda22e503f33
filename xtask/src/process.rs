//! Running other programs: shown when their output is for the person, captured when it is for us.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::ui;

/// The cargo that runs us, so that a toolchain chosen on the command line stays chosen.
pub fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// Shows the command, runs it with our terminal, and fails with its name.
pub fn run(command: &mut Command) -> Result<()> {
    ui::detail(format!("$ {}", describe(command)));
    run_quietly(command)
}

/// As [`run`], without showing the command.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// As [`run`], for test programs: counts what passed and what was left out while it is shown.
pub fn run_tests(command: &mut Command) -> Result<Report> {
    ui::detail(format!("$ {}", describe(command)));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    let output = child.stdout.take().context("its output is ours")?;
    let mut report = Report::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.with_context(|| format!("cannot read from {}", describe(command)))?;
        let line = String::from_utf8_lossy(&line);
        ui::line(&line);
        report.read(&line);
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {}", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(report)
}

/// What the command prints; its error output is part of the failure.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({}): {}",
            describe(command),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True when the program starts and reports success.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// What a command that is to fail says on both its outputs.
pub fn what_fails_says(command: &mut Command) -> Result<String> {
    ui::detail(format!("$ {} (is to fail)", describe(command)));
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if output.status.success() {
        bail!("`{}` was to fail, and did not", describe(command));
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(said.concat())
}

/// A library that comes with the Rust toolchain for 64-bit Linux, if it does.
pub fn rust_library(name: &str) -> Result<Option<PathBuf>> {
    let sysroot = capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib/x86_64-unknown-linux-gnu/lib")
        .join(name);
    Ok(library.is_file().then_some(library))
}

/// The program's place on PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file())
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
