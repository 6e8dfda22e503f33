//! The only module of this package that prints.
#![allow(clippy::print_stdout, reason = "xtask is a command-line tool")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::report::Report;

/// One line of plain text.
pub fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
    // CI reads a pipe: without a flush the line would appear after the output of the command that it announces.
    let _ = std::io::stdout().flush();
}

/// One indented line: an action or its result.
pub fn detail(text: impl AsRef<str>) {
    line(format!("      {}", text.as_ref()));
}

/// Numbered stages with times. The first failure ends the run and contains the stage's name.
pub struct Stages {
    total: usize,
    done: Vec<Done>,
}

struct Done {
    name: String,
    elapsed: Duration,
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
        let elapsed = start.elapsed();
        detail(format!("{name}: done in {}", seconds(elapsed)));
        self.done.push(Done {
            name: name.to_owned(),
            elapsed,
            report: Report::default(),
        });
        Ok(outcome)
    }

    /// A stage with a report of passed and skipped tests, which is shown at once and in the summary.
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

    /// The table at the end: time, passed tests and skipped tests of each stage.
    pub fn summary(&self) {
        line("");
        for done in &self.done {
            line(format!("  {:>8}  {}", seconds(done.elapsed), done.name));
            for text in done.report.lines() {
                line(format!("              {text}"));
            }
        }
        let whole: Duration = self.done.iter().map(|done| done.elapsed).sum();
        line(format!("  {:>8}  in total", seconds(whole)));
    }
}

pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A size in MiB or KiB.
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
    fn the_error_of_a_stage_has_its_number_and_name() {
        let mut stages = Stages::new(3);
        stages.run("first", || Ok(())).expect("the first stage succeeds");
        let error = stages
            .run::<()>("second", || anyhow::bail!("broken"))
            .expect_err("it bails");
        assert_eq!(format!("{error:#}"), "stage 2 of 3, second, failed: broken");
    }

    #[test]
    fn sizes_are_printed_in_mib_or_kib() {
        assert_eq!(size(29_352_200), "27.9 MiB");
        assert_eq!(size(14_632), "15 KiB");
    }
}
