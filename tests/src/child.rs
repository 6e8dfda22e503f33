//! Test cases that run in a child process: because they may crash or hang it, or because they count resources of the
//! whole process.
//!
//! A module that uses this has one ignored test named `child`, which runs the case that [`case`] returns; its other
//! tests each start a [`Child`] with a case.

use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsStr;
use std::io::Read as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

const CASE: &str = "VOXMELD_CASE";

/// Far more than any case takes: ends only a process that hangs.
const TIMEOUT: Duration = Duration::from_secs(600);

/// The case that this process is to run; empty if it is not a child process of a test.
#[must_use]
pub fn case() -> String {
    std::env::var(CASE).unwrap_or_default()
}

/// A process that is to run one case of a test module.
pub struct Child {
    case: String,
    command: Command,
}

/// How a child process ended.
pub struct ChildResult {
    /// The exit status.
    pub status: ExitStatus,
    /// What it wrote to stdout and stderr.
    pub output: String,
}

impl Child {
    /// Prepares one case of the test module at `module` (the caller's `module_path!()`).
    ///
    /// # Errors
    /// If the path of this program is not known.
    pub fn new(module: &str, case: &str) -> Result<Self> {
        // Test names do not include the crate's name.
        let test = match module.split_once("::") {
            Some((_, inner)) => format!("{inner}::child"),
            None => "child".to_owned(),
        };
        let mut command =
            Command::new(std::env::current_exe().context("the path of this program is not known")?);
        command
            .args(["--ignored", "--exact", &test, "--nocapture"])
            .env(CASE, case);
        Ok(Self {
            case: case.to_owned(),
            command,
        })
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the process and waits for its end.
    ///
    /// # Errors
    /// If it does not start, or hangs; then it is killed.
    pub fn run(self) -> Result<ChildResult> {
        let Self { case, mut command } = self;
        let (mut reader, writer) = std::io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn()?;
        // The command holds write ends of the pipe, which would keep the reader waiting.
        drop(command);
        let reader = std::thread::spawn(move || {
            let mut output = Vec::new();
            let _ = reader.read_to_end(&mut output);
            String::from_utf8_lossy(&output).into_owned()
        });
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if started.elapsed() > TIMEOUT {
                child.kill()?;
                child.wait()?;
                bail!("{case}: the process hangs\n{}", reader.join().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let output = reader.join().unwrap_or_default();
        Ok(ChildResult { status, output })
    }

    /// Runs the process, and prints the lines of its output that contain figures.
    ///
    /// # Errors
    /// If it hangs or the case fails; with all that it wrote.
    pub fn expect_success(self) -> Result<()> {
        let case = self.case.clone();
        let ChildResult { status, output } = self.run()?;
        ensure!(status.success(), "{case}: {status}\n{output}");
        // The test harness also succeeds if no test has the name.
        ensure!(output.contains("1 passed"), "{case}: no test ran it\n{output}");
        for line in output.lines().filter(|line| line.contains(FIGURES)) {
            crate::say(line);
        }
        Ok(())
    }
}

/// What the lines contain that [`Child::expect_success`] prints.
const FIGURES: &str = "MiB";
