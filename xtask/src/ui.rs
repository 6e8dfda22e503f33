//! The only place of this package that prints.
#![allow(
    clippy::print_stdout,
    reason = "talking to the person at the terminal is what xtask is for"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::report::Report;

/// One line of plain text.
pub fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
    // CI reads a pipe: without a flush the line appears after the output of the command that it announces.
    let _ = std::io::stdout().flush();
}

/// One indented line: what is being done, or what came of it.
pub fn detail(text: impl AsRef<str>) {
    line(format!("      {}", text.as_ref()));
}

/// Numbered stages with times. The first failure ends the run and carries the stage's name.
pub struct Stages {
    total: usize,
    done: Vec<Done>,
}

struct Done {
    name: String,
    took: Duration,
    report: Report,
}

impl Stages {
    pub fn new(total: usize) -> Self {
        Self {
            total,
            done: Vec::new(),
        }
    }

    pub fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let number = self.done.len() + 1;
        line(format!("[{number}/{}] {name}", self.total));
        let start = Instant::now();
        let outcome = work().with_context(|| format!("stage {number} of {}, {name}, failed", self.total))?;
        let took = start.elapsed();
        detail(format!("{name}: done in {}", seconds(took)));
        self.done.push(Done {
            name: name.to_owned(),
            took,
            report: Report::default(),
        });
        Ok(outcome)
    }

    /// A stage that counts what passed, or may leave something out: that is shown at once and in the summary.
    pub fn check(&mut self, name: &str, work: impl FnOnce() -> Result<Report>) -> Result<()> {
        let report = self.run(name, work)?;
        for text in report.lines() {
            detail(format!("{name}: {text}"));
        }
        if let Some(done) = self.done.last_mut() {
            done.report = report;
        }
        Ok(())
    }

    /// The table at the end: where the time went, what passed, and what was skipped and why.
    pub fn summary(&self) {
        line("");
        for done in &self.done {
            line(format!("  {:>8}  {}", seconds(done.took), done.name));
            for text in done.report.lines() {
                line(format!("              {text}"));
            }
        }
        let whole: Duration = self.done.iter().map(|done| done.took).sum();
        line(format!("  {:>8}  in all", seconds(whole)));
    }
}

pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes >= MIB {
        format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
    } else {
        format!("{} KiB", bytes.div_ceil(1024))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_stage_is_named_and_counted() {
        let mut stages = Stages::new(3);
        stages
            .run("first", || Ok(()))
            .expect("the first stage has nothing to fail at");
        let error = stages
            .run::<()>("second", || anyhow::bail!("broken"))
            .expect_err("it bails");
        assert_eq!(format!("{error:#}"), "stage 2 of 3, second, failed: broken");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(29_352_200), "27.9 MiB");
        assert_eq!(size(14_632), "15 KiB");
    }
}
