//! Running other programs, with their output shown or captured.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::ui;

/// The cargo that started xtask, so that a toolchain chosen on the command line is kept.
pub fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// Prints the command and runs it with inherited output; the error names the command.
pub fn run(command: &mut Command) -> Result<()> {
    ui::detail(format!("$ {}", describe(command)));
    run_quietly(command)
}

/// As [`run`], without printing the command.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// As [`run`], for test programs: also counts passed and skipped tests in their output.
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

/// Standard output of the command; the error contains its error output.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({}): {}",
            describe(command),
            output.status,
            errors.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True when the program starts and reports success.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Both outputs of a command that must fail.
pub fn output_of_failing(command: &mut Command) -> Result<String> {
    ui::detail(format!("$ {} (must fail)", describe(command)));
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if output.status.success() {
        bail!("`{}` succeeded, but must fail", describe(command));
    }
    let both = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(both.concat())
}

/// A library of the Rust toolchain for 64-bit Linux; `None` if this toolchain does not have it.
pub fn rust_library(name: &str) -> Result<Option<PathBuf>> {
    let sysroot = capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib/x86_64-unknown-linux-gnu/lib")
        .join(name);
    Ok(library.is_file().then_some(library))
}

/// The program's path on PATH.
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
