//! Measuring the times of one case.

use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::cpu_seconds;
use voxmeld_tests::say;

/// Hops that are measured, in ms.
pub const HOPS_MS: [usize; 3] = [40, 80, 160];
/// Each case runs for so long, but at least [`LEAST_RUNS`] times.
const CASE_TIME: Duration = Duration::from_secs(3);
const LEAST_RUNS: usize = 12;

/// Times of one case.
#[derive(Clone, Copy, Serialize)]
pub struct Times {
    /// Shortest time of a call.
    pub min_ms: f64,
    /// Processor time of a call, on average: other programs do not count.
    pub cpu_ms: f64,
    /// `cpu_ms` over the hop.
    pub load: f64,
}

/// Measures `call`, of which each computes `hop_ms` of audio.
pub fn measure(hop_ms: usize, mut call: impl FnMut() -> Result<()>) -> Result<Times> {
    for _ in 0..3 {
        call()?;
    }
    let (began, cpu_began) = (Instant::now(), cpu_seconds());
    let (mut runs, mut shortest) = (0, Duration::MAX);
    while runs < LEAST_RUNS || began.elapsed() < CASE_TIME {
        let run = Instant::now();
        call()?;
        shortest = shortest.min(run.elapsed());
        runs += 1;
    }
    let cpu_ms = (cpu_seconds() - cpu_began) * 1e3 / runs as f64;
    Ok(Times {
        min_ms: round(shortest.as_secs_f64() * 1e3, 2),
        cpu_ms: round(cpu_ms, 2),
        load: round(cpu_ms / hop_ms as f64, 3),
    })
}

/// Adds the times of a case, and prints them.
pub fn add(cases: &mut BTreeMap<String, BTreeMap<usize, Times>>, name: &str, hop_ms: usize, times: Times) {
    say(format!(
        "{name}, hop {hop_ms} ms: {} ms (processor {} ms, load {})",
        times.min_ms, times.cpu_ms, times.load
    ));
    cases.entry(name.to_string()).or_default().insert(hop_ms, times);
}
