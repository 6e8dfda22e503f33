//! What a stage checked and what it left out, so that nothing that was skipped looks like something that passed.

use anyhow::{Result, ensure};

/// What came of a stage.
#[derive(Default)]
pub struct Report {
    /// Tests that passed; none for a stage that runs no tests.
    passed: Option<u64>,
    skipped: Vec<Skipped>,
}

/// Tests or checks that did not run here.
struct Skipped {
    /// How many tests, where that is known.
    count: Option<u64>,
    reason: String,
}

/// Tests that another test or stage plays say so; every other ignored test is one that nothing plays.
const PLAYED_ELSEWHERE: &str = "played ";

impl Report {
    /// A check that did not run.
    pub fn skipped(reason: impl Into<String>) -> Self {
        let mut report = Self::default();
        report.skip(reason);
        report
    }

    /// Notes a check that did not run.
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

    /// Takes a line of a test program's output into account.
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

    /// A filter that fits no test passes, too: that is no pass.
    ///
    /// # Errors
    /// If no test ran.
    pub fn ran_something(self) -> Result<Self> {
        ensure!(self.passed != Some(0), "no test ran");
        Ok(self)
    }

    /// For `--strict`.
    ///
    /// # Errors
    /// If a test was ignored that no other test or stage plays.
    pub fn nothing_unplayed(&self) -> Result<()> {
        for skipped in &self.skipped {
            ensure!(
                skipped.count.is_none() || skipped.reason.starts_with(PLAYED_ELSEWHERE),
                "an ignored test ({}) is played by no other test or stage",
                skipped.reason
            );
        }
        Ok(())
    }

    /// Behind the stage's name in the summary; empty for a stage without tests that left nothing out.
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
    fn output_of_two_test_programs_is_summed() {
        let report = report(
            "test a ... ok\n\
             test b::child ... ignored, played by other tests, in processes of their own\n\
             test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.03s\n\
             test c::child ... ignored, played by other tests, in processes of their own\n\
             test result: ok. 40 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.03s\n",
        );
        assert_eq!(
            report.lines(),
            [
                "42 passed",
                "2 skipped: played by other tests, in processes of their own"
            ]
        );
        assert!(report.nothing_unplayed().is_ok());
    }

    #[test]
    fn an_ignored_test_that_nothing_plays_is_an_error_in_strict() {
        let report =
            report("test a ... ignored, too slow\ntest result: ok. 1 passed; 0 failed; 1 ignored;\n");
        assert!(report.nothing_unplayed().is_err());
    }

    #[test]
    fn a_run_without_a_test_is_an_error() {
        assert!(
            report("test result: ok. 0 passed; 0 failed;\n")
                .ran_something()
                .is_err()
        );
        assert!(Report::default().ran_something().is_ok());
    }
}
