//! `voxmeld-cli doctor`: what is there, and a short test of real time.

use super::bar::Bar;
use super::data::DataDir;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::geometry::Hop;
use voxmeld_core::library;
use voxmeld_core::names::shown_path;
use voxmeld_core::pack::{installed_packs, set_data_dir};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_core::status::{EngineStatus, VoiceState};
use voxmeld_live::remote::default_socket;

/// Length of the test.
const TEST: Duration = Duration::from_secs(5);
const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 256;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    data: DataDir,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// The field names are those of `--json`.
#[derive(Default, Serialize)]
struct Findings {
    version: &'static str,
    data: Option<PathBuf>,
    data_problem: Option<String>,
    packs: Vec<String>,
    library: PathBuf,
    library_voices: usize,
    socket: Option<PathBuf>,
    processor: Vec<&'static str>,
    cores: usize,
    priority: String,
    seconds_to_load: f64,
    real_time_factor: f32,
    xruns: u64,
    quality: &'static str,
    voice_problem: Option<String>,
    /// A sentence.
    verdict: String,
}

pub fn run(args: &Doctor, quiet: bool) -> Result<()> {
    let mut found = Findings {
        version: env!("CARGO_PKG_VERSION"),
        library: library::own_dir(),
        socket: default_socket(),
        processor: features(),
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        ..Findings::default()
    };
    found.library_voices = library::voices(&found.library).len();
    match args.data.find() {
        Ok(data) => {
            set_data_dir(&data);
            found.packs = installed_packs()
                .into_iter()
                .map(|pack| format!("{} ({} targets)", pack.name, pack.indices.len()))
                .collect();
            found.data = Some(data);
            let bar = if quiet || args.json {
                None
            } else {
                Some(Bar::new()?)
            };
            test(&mut found, bar.as_ref())?;
        }
        Err(error) => found.data_problem = Some(format!("{error:#}")),
    }
    found.verdict = verdict(&found);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print(&found);
    }
    if found.data_problem.is_some() || found.voice_problem.is_some() {
        anyhow::bail!("{}", found.verdict);
    }
    Ok(())
}

/// Features of the processor that make a difference here.
fn features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    for (name, there) in [
        ("sse4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("avx", std::arch::is_x86_feature_detected!("avx")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ] {
        if there {
            found.push(name);
        }
    }
    found
}

/// Plays the default voice in real time, as a live program does, with a tone and noise as input.
fn test(found: &mut Findings, bar: Option<&Bar>) -> Result<()> {
    let mut engine = Engine::new();
    let handle = engine.handle();
    let began = Instant::now();
    handle.load(VoiceSelection::default());
    let mut audio = engine.activate(StreamSetup {
        host_rate_hz: RATE_HZ,
        max_block: BLOCK,
        safety_ms: 0,
        suppress_noise: false,
        channels: 1,
        hop: Hop::default(),
        offline: false,
    })?;
    loop {
        match handle.voice() {
            VoiceState::Ready { .. } => break,
            VoiceState::Failed { why } => {
                found.voice_problem = Some(why);
                return Ok(());
            }
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
        if began.elapsed() > Duration::from_secs(60) {
            found.voice_problem = Some("the default voice was not loaded within a minute".into());
            return Ok(());
        }
    }
    found.seconds_to_load = began.elapsed().as_secs_f64();
    let played = Instant::now();
    let mut sample = 0_u32;
    while played.elapsed() < TEST {
        let mut block = [0.0_f32; BLOCK];
        for value in &mut block {
            *value = voice_like(sample);
            sample += 1;
        }
        audio.process(&mut [&mut block], &BlockControls::default());
        let due = Duration::from_secs_f64(f64::from(sample) / RATE_HZ);
        std::thread::sleep(due.saturating_sub(played.elapsed()));
        if let Some(bar) = bar {
            bar.show(
                played.elapsed().as_secs_f32() / TEST.as_secs_f32(),
                "playing in real time",
            );
        }
    }
    let status: EngineStatus = handle.status();
    found.priority = status.priority;
    found.real_time_factor = status.real_time_factor;
    found.xruns = status.xruns;
    found.quality = status.quality.label();
    Ok(())
}

/// Harmonics of 120 Hz that come and go, so that all models run.
fn voice_like(sample: u32) -> f32 {
    let t = f64::from(sample) / RATE_HZ;
    let tone: f64 = (1..=12)
        .map(|n| (std::f64::consts::TAU * 120.0 * f64::from(n) * t).sin() / f64::from(n))
        .sum();
    #[expect(clippy::cast_possible_truncation, reason = "a sample")]
    let value = (0.15 * tone * (0.6 + 0.4 * (std::f64::consts::TAU * 3.0 * t).sin())) as f32;
    value
}

fn verdict(found: &Findings) -> String {
    if let Some(why) = found.data_problem.as_ref().or(found.voice_problem.as_ref()) {
        return format!("not usable yet: {why}");
    }
    let load = found.real_time_factor;
    if found.xruns == 0 && load < 0.6 {
        format!(
            "this machine converts live: it needs {:.0} % of one core, and nothing came late",
            load * 100.0
        )
    } else if load < 0.9 {
        format!(
            "this machine converts live with little to spare ({:.0} % of one core, {} late): choose a hop of 40 ms",
            load * 100.0,
            found.xruns
        )
    } else {
        format!(
            "this machine is too slow or too busy for a hop of 20 ms ({:.0} % of one core, {} late): close other \
             programs, or choose a hop of 80 ms or more",
            load * 100.0,
            found.xruns
        )
    }
}

fn print(found: &Findings) {
    let or_none = |path: &Option<PathBuf>| {
        path.as_ref()
            .map_or_else(|| "none".into(), |path| shown_path(path).to_string())
    };
    println!("version    {}", found.version);
    println!("data       {}", or_none(&found.data));
    println!("packs      {}", found.packs.join(", "));
    println!(
        "library    {} ({} voices)",
        shown_path(&found.library),
        found.library_voices
    );
    println!("socket     {}", or_none(&found.socket));
    println!("processor  {} cores, {}", found.cores, found.processor.join(" "));
    if found.data.is_some() && found.voice_problem.is_none() {
        println!("priority   {}", found.priority);
        println!(
            "real time  voice loaded in {:.1} s, load {:.2}, {} late, quality {}",
            found.seconds_to_load, found.real_time_factor, found.xruns, found.quality
        );
    }
    println!("{}", found.verdict);
}
