//! Benchmark of full-size RVC voices and HuBERT on one core: windows against streams, 32 bits against 8, in one run.
//!
//! Not a test: nothing passes or fails by the clock. The weights are random; times do not depend on them.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "figures for people to read"
)]

mod encoder;
mod synthesizer;

use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::{Machine, cpu_seconds};
use voxmeld_tests::{env, say};

/// Hops that are measured, in ms.
const HOPS_MS: [usize; 3] = [40, 80, 160];
/// Each case runs for so long, but at least [`LEAST_RUNS`] times.
const CASE_TIME: Duration = Duration::from_secs(3);
const LEAST_RUNS: usize = 12;

/// Times of one case.
#[derive(Clone, Copy, Serialize)]
struct Times {
    /// Shortest time of a call.
    min_ms: f64,
    /// Processor time of a call, on average: other programs do not count.
    cpu_ms: f64,
    /// `cpu_ms` over the hop.
    load: f64,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    /// By name of the case and hop in ms.
    cases: BTreeMap<String, BTreeMap<usize, Times>>,
    /// Times of the windows over those of the stream in 8 bits, encoder and synthesizer together, by hop in ms.
    windows_over_stream: BTreeMap<usize, f64>,
}

/// Measures `call`, of which each computes `hop_ms` of audio.
fn measure(hop_ms: usize, mut call: impl FnMut() -> Result<()>) -> Result<Times> {
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

fn run() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut json = None;
    while let Some(arg) = args.next() {
        match &arg[..] {
            "--json" => json = Some(PathBuf::from(args.next().context("--json needs a file")?)),
            other => anyhow::bail!("{other} is not an option of this program"),
        }
    }
    env::use_data()?;
    let machine = Machine::this();
    if let Some(warning) = machine.warning() {
        say(warning);
    }
    let mut cases = BTreeMap::new();
    encoder::measure_all(&mut cases)?;
    for khz in [48, 40] {
        synthesizer::measure_all(khz, &mut cases)?;
    }
    let sum = |names: [&str; 2], hop_ms: usize| -> Option<f64> {
        let all = names.map(|name| Some(cases.get(name)?.get(&hop_ms)?.cpu_ms));
        Some(all[0]? + all[1]?)
    };
    let windows_over_stream = HOPS_MS
        .into_iter()
        .filter_map(|hop_ms| {
            let windows = sum(["encoder, window of 1 s", "synthesizer 48k, windows"], hop_ms)?;
            let stream = sum(
                ["encoder, stream, 8 bits", "synthesizer 48k, stream, 8 bits"],
                hop_ms,
            )?;
            Some((hop_ms, round(windows / stream, 2)))
        })
        .collect();
    let report = Report {
        machine,
        cases,
        windows_over_stream,
    };
    say(format!("windows over stream: {:?}", report.windows_over_stream));
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Adds the times of a case, and prints them.
fn add(cases: &mut BTreeMap<String, BTreeMap<usize, Times>>, name: &str, hop_ms: usize, times: Times) {
    say(format!(
        "{name}, hop {hop_ms} ms: {} ms (processor {} ms, load {})",
        times.min_ms, times.cpu_ms, times.load
    ));
    cases.entry(name.to_string()).or_default().insert(hop_ms, times);
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
