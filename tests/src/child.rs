//! Cases that are played in a process of their own: because they may end it or
//! hang in it, or because what is counted must be theirs alone.
//!
//! A module that uses it has one ignored test named `child`, which plays what
//! [`case`] says; its other tests begin a [`Child`] with a case each.

use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsStr;
use std::io::Read as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

const CASE: &str = "VOXMELD_CASE";

/// Far more than any case takes; only a bound for what never ends.
const PATIENCE: Duration = Duration::from_secs(600);

/// The case that this process is to play; empty where it is nobody's child.
#[must_use]
pub fn case() -> String {
    std::env::var(CASE).unwrap_or_default()
}

/// A process that is to play one case of a test module.
pub struct Child {
    case: String,
    command: Command,
}

/// How it ended.
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// What it wrote to both of its outputs.
    pub said: String,
}

impl Child {
    /// For one case of the test module at `module` (the caller's `module_path!()`).
    ///
    /// # Errors
    /// If this program's file is not known.
    pub fn new(module: &str, case: &str) -> Result<Self> {
        // Test names begin below the crate.
        let test = match module.split_once("::") {
            Some((_, inner)) => format!("{inner}::child"),
            None => "child".to_owned(),
        };
        let mut command = Command::new(std::env::current_exe().context("this program has a place")?);
        command
            .args(["--ignored", "--exact", &test, "--nocapture"])
            .env(CASE, case);
        Ok(Self {
            case: case.to_owned(),
            command,
        })
    }

    /// With an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not begin, or hangs: then it is ended from outside.
    pub fn end(self) -> Result<Ended> {
        let Self { case, mut command } = self;
        let (mut reader, writer) = std::io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn()?;
        // The command holds ends of the pipe: it would never be seen to close.
        drop(command);
        let listener = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = reader.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if began.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("{case}: it hangs\n{}", listener.join().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let said = listener.join().unwrap_or_default();
        Ok(Ended { status, said })
    }

    /// Waits for its good end, and tells on what figures it told.
    ///
    /// # Errors
    /// If it hangs or fails; then with all that it wrote.
    pub fn passes(self) -> Result<()> {
        let case = self.case.clone();
        let Ended { status, said } = self.end()?;
        ensure!(status.success(), "{case}: {status}\n{said}");
        // A name that no test has passes, too.
        ensure!(said.contains("1 passed"), "{case}: no test played it\n{said}");
        for line in said.lines().filter(|line| line.contains(TOLD)) {
            crate::say(line);
        }
        Ok(())
    }
}

/// What the lines have in them that [`Child::passes`] tells on.
const TOLD: &str = "MiB";
