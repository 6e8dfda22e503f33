//! Benchmark of the engine: computing time of the default voice on one thread, hop by hop.
//!
//! Not a test: nothing passes or fails by the clock.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    reason = "works on a minute of audio: no count comes near a limit"
)]

use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::hops::{Cost, HopLog, round};
use voxmeld_tests::machine::{Machine, cpu_seconds};
use voxmeld_tests::rig::Rig;
use voxmeld_tests::{env, say};

/// Sample rate and block size of all runs.
const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 480;
/// First hops, which fill caches and are not counted.
const WARM_UP_HOPS: usize = 50;
/// Hops that are measured: the default, and longer ones that trade latency for load.
const HOPS: [Hop; 4] = [Hop::Ms20, Hop::Ms40, Hop::Ms80, Hop::Ms160];

/// One line of the table.
#[derive(Serialize)]
struct Run {
    hop_ms: u32,
    hops: usize,
    latency_ms: f64,
    /// Processor time over audio time; does not include other programs.
    cpu_rtf: f64,
    #[serde(flatten)]
    cost: Cost,
}

/// `bench.json`.
#[derive(Serialize)]
struct Bench {
    voice: String,
    sample_rate: u32,
    block_samples: usize,
    threads: u32,
    runs: Vec<Run>,
    machine: Machine,
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

/// `--bundle DIR --out DIR --hop-ms N`, all optional. Returns bundle, output folder and hops.
fn arguments() -> Result<(PathBuf, PathBuf, Vec<Hop>)> {
    let (mut bundle, mut out, mut hops) = (None, None, HOPS.to_vec());
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().map(PathBuf::from);
        match word.to_str() {
            Some("--bundle") => bundle = value,
            Some("--out") => out = value,
            Some("--hop-ms") => {
                let wanted = value.as_deref().and_then(|ms| ms.to_str()?.parse().ok());
                hops.retain(|hop| Some(hop.ms()) == wanted);
                if hops.is_empty() {
                    bail!("--hop-ms must be one of {:?}", HOPS.map(Hop::ms));
                }
            }
            _ => bail!(
                "unknown argument {}: voxmeld-bench [--bundle DIR] [--out DIR] [--hop-ms N]",
                word.display()
            ),
        }
    }
    let bundle = bundle.map_or_else(env::bundle, Ok)?;
    Ok((bundle, out.unwrap_or_else(|| env::target().join("bench")), hops))
}

fn run() -> Result<()> {
    let (bundle, out, hops) = arguments()?;
    env::use_data_of(&bundle)?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.0, 20.0)
        .at_rate(RATE_HZ)?;
    let machine = Machine::this();
    say(format!(
        "{}, {} cores, {}",
        machine.cpu, machine.cores, machine.system
    ));
    let mut bench = Bench {
        voice: String::new(),
        sample_rate: RATE_HZ,
        block_samples: BLOCK,
        threads: 1,
        runs: Vec::new(),
        machine,
    };
    for hop in hops {
        let (voice, run) = measure(&speech, hop)?;
        if bench.voice.is_empty() {
            say(format!(
                "voice: {voice}; {RATE_HZ} Hz, blocks of {BLOCK}, one thread\n"
            ));
            print_heading(&run);
            bench.voice = voice;
        }
        print_run(&run);
        bench.runs.push(run);
    }
    say("\nCPU RTF is processor time over audio time; all other times are wall time");
    if let Some(warning) = bench.machine.warning() {
        say(warning);
    }
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let path = out.join("bench.json");
    std::fs::write(&path, serde_json::to_string_pretty(&bench)? + "\n")?;
    say(path.display());
    Ok(())
}

/// The speech is played this often, and the median processor time is reported, because a machine's
/// speed varies.
const PASSES: usize = 5;

/// Plays the speech offline and measures its hops.
fn measure(speech: &Sound, hop: Hop) -> Result<(String, Run)> {
    let setup = StreamSetup {
        safety_ms: 0,
        suppress_noise: false,
        host_rate_hz: f64::from(RATE_HZ),
        max_block: BLOCK,
        channels: 1,
        hop,
        offline: true,
    };
    let log = HopLog::default();
    let mut rig = Rig::with_selection(setup, VoiceSelection::default(), Some(log.observer()))?;
    let voice = match rig.handle().status().voice {
        VoiceState::Ready { name } => name,
        _ => String::new(),
    };
    let mut cpu_rtf = [0.0; PASSES];
    for pass in &mut cpu_rtf {
        let before = cpu_seconds();
        rig.play_mono(&speech.samples, BLOCK);
        *pass = (cpu_seconds() - before) / speech.seconds();
    }
    cpu_rtf.sort_by(f64::total_cmp);
    let records = log.records();
    let warm = &records[WARM_UP_HOPS.min(records.len() / 4)..];
    let run = Run {
        hop_ms: hop.ms(),
        hops: warm.len(),
        latency_ms: round(rig.latency() as f64 * 1000.0 / f64::from(RATE_HZ), 2),
        cpu_rtf: round(cpu_rtf[PASSES / 2], 4),
        cost: Cost::of(warm, hop.ms()),
    };
    Ok((voice, run))
}

fn print_heading(run: &Run) {
    let stages: String = run
        .cost
        .rtf_by_stage
        .keys()
        .map(|stage| format!("{stage:>11}"))
        .collect();
    say(format!(
        "{:>6} {:>10} {:>8} {:>8}{stages} {:>9} {:>9} {:>9} {:>12}",
        "hop ms", "latency ms", "CPU RTF", "RTF", "p50 ms", "p95 ms", "p99 ms", "search us/fr"
    ));
}

fn print_run(run: &Run) {
    let cost = &run.cost;
    let stages: String = cost
        .rtf_by_stage
        .values()
        .map(|rtf| format!("{rtf:>11.4}"))
        .collect();
    say(format!(
        "{:>6} {:>10.2} {:>8.3} {:>8.3}{stages} {:>9.2} {:>9.2} {:>9.2} {:>12.1}",
        run.hop_ms,
        run.latency_ms,
        run.cpu_rtf,
        cost.rtf,
        cost.hop_p50_ms,
        cost.hop_p95_ms,
        cost.hop_p99_ms,
        cost.search_us_per_frame
    ));
}
