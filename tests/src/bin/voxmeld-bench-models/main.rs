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
mod times;

use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use times::{HOPS_MS, Times};
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::Machine;
use voxmeld_tests::{env, say};

#[derive(Serialize)]
struct Report {
    machine: Machine,
    /// By name of the case and hop in ms.
    cases: BTreeMap<String, BTreeMap<usize, Times>>,
    /// Times of the windows over those of the stream in 8 bits, encoder and synthesizer together, by hop in ms.
    windows_over_stream: BTreeMap<usize, f64>,
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

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
