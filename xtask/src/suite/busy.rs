//! Tests in real time beside four busy loops: a test must not fail because of what else the machine does.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Result;

use super::context::Suite;
use crate::process;
use crate::report::Report;

/// As many as `stress-ng --cpu 4` starts.
const LOOPS: usize = 4;

/// The tests that play live, and those that other threads have to answer.
pub(super) fn run(suite: &Suite<'_>) -> Result<Report> {
    // Compiled before the loops start: beside them it takes minutes.
    let units = || suite.cargo_test(&["voxmeld-core", "voxmeld-export"]);
    process::run(units().args(["--lib", "--no-run"]))?;
    let mut report = beside_busy_loops(|| {
        let mut command = units();
        command.args([
            "--lib",
            "--",
            "stream::",
            "worker::",
            "loader::",
            "builder::",
            "activation",
        ]);
        suite.test(command.env_remove("VOXMELD_DATA"))
    })?;
    report.add(beside_busy_loops(|| {
        let mut command = suite.cargo_test(&["voxmeld-tests"]);
        command.args(["--test", "live", "--test", "vst3", "--"]);
        command.args([
            "blending::",
            "bursts::",
            "failures::",
            "live_video_host::",
            "offline_equals_live::",
            "offline_wait::",
            "overload::",
            "restarts::",
        ]);
        suite.test(suite.with_bundle(&mut command))
    })?);
    Ok(report)
}

/// Runs `work` while threads of this process compute without a pause.
fn beside_busy_loops<T>(work: impl FnOnce() -> T) -> T {
    /// Ends the loops, also if `work` panics.
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&over);
        for _ in 0..LOOPS {
            scope.spawn(|| {
                let mut sum = 0_u64;
                while !over.load(Relaxed) {
                    for n in 0..100_000_u64 {
                        sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(n));
                    }
                }
            });
        }
        work()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_end_with_the_work_and_its_result_is_returned() {
        assert_eq!(beside_busy_loops(|| 7), 7);
    }
}
