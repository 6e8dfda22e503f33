//! Counts of passed and skipped tests of a stage, so that a skipped test is never shown as passed.

use anyhow::{Result, ensure};

/// Result of a stage.
#[derive(Default)]
pub struct Report {
    /// Tests that passed; none for a stage that runs no tests.
    passed: Option<u64>,
    skipped: Vec<Skipped>,
}

/// Tests or checks that did not run here.
struct Skipped {
    /// Number of tests, if known.
    count: Option<u64>,
    reason: String,
}

/// Prefix of the ignore reason of tests that another test or stage runs; other ignored tests are never run.
const RUN_ELSEWHERE: &str = "run ";

impl Report {
    /// A check that did not run.
    pub fn skipped(reason: impl Into<String>) -> Self {
        let mut report = Self::default();
        report.skip(reason);
        report
    }

    /// Adds a check that did not run.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.skipped.push(Skipped {
            count: None,
            reason: reason.into(),
        });
    }

    pub fn add(&mut self, other: Self) {
        if let Some(passed) = other.passed {
            *self.passed.get_or_insert(0) += passed;
        }
        for skipped in other.skipped {
            match skipped.count {
                Some(count) => self.ignored(count, &skipped.reason),
                None => self.skipped.push(skipped),
            }
        }
    }

    fn ignored(&mut self, count: u64, reason: &str) {
        let same = self
            .skipped
            .iter_mut()
            .find(|known| known.count.is_some() && known.reason == reason);
        match same.and_then(|known| known.count.as_mut()) {
            Some(known) => *known += count,
            None => self.skipped.push(Skipped {
                count: Some(count),
                reason: reason.to_owned(),
            }),
        }
    }

    /// Parses a line of a test program's output.
    pub fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            let passed = result
                .split(|c: char| !c.is_ascii_alphanumeric())
                .collect::<Vec<_>>()
                .windows(2)
                .find(|pair| pair[1] == "passed")
                .and_then(|pair| pair[0].parse::<u64>().ok());
            *self.passed.get_or_insert(0) += passed.unwrap_or(0);
        } else if let Some((_, reason)) = line.split_once(" ... ignored")
            && line.starts_with("test ")
        {
            let reason = reason.trim_start_matches(", ");
            self.ignored(
                1,
                if reason.is_empty() {
                    "no reason given"
                } else {
                    reason
                },
            );
        }
    }

    /// Rejects a run without tests, which happens when a filter matches none.
    ///
    /// # Errors
    /// If no test ran.
    pub fn require_tests(self) -> Result<Self> {
        ensure!(self.passed != Some(0), "no test ran");
        Ok(self)
    }

    /// For `--strict`.
    ///
    /// # Errors
    /// If a test was ignored that no other test or stage runs.
    pub fn require_all_run(&self) -> Result<()> {
        for skipped in &self.skipped {
            ensure!(
                skipped.count.is_none() || skipped.reason.starts_with(RUN_ELSEWHERE),
                "an ignored test ({}) is run by no other test or stage",
                skipped.reason
            );
        }
        Ok(())
    }

    /// Lines of the summary; empty for a stage without tests and without skipped checks.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(passed) = self.passed {
            lines.push(format!("{passed} passed"));
        }
        for skipped in &self.skipped {
            lines.push(match skipped.count {
                Some(count) => format!("{count} skipped: {}", skipped.reason),
                None => format!("skipped: {}", skipped.reason),
            });
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(output: &str) -> Report {
        let mut report = Report::default();
        output.lines().for_each(|line| report.read(line));
        report
    }

    #[test]
    fn counts_of_two_test_programs_are_summed() {
        let report = report(
            "test a ... ok\n\
             test b::child ... ignored, run by other tests in child processes\n\
             test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.03s\n\
             test c::child ... ignored, run by other tests in child processes\n\
             test result: ok. 40 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.03s\n",
        );
        assert_eq!(
            report.lines(),
            ["42 passed", "2 skipped: run by other tests in child processes"]
        );
        assert!(report.require_all_run().is_ok());
    }

    #[test]
    fn an_ignored_test_that_nothing_runs_is_an_error_in_strict() {
        let report =
            report("test a ... ignored, too slow\ntest result: ok. 1 passed; 0 failed; 1 ignored;\n");
        assert!(report.require_all_run().is_err());
    }

    #[test]
    fn a_run_of_0_tests_is_an_error() {
        assert!(
            report("test result: ok. 0 passed; 0 failed;\n")
                .require_tests()
                .is_err()
        );
        assert!(Report::default().require_tests().is_ok());
    }
}
