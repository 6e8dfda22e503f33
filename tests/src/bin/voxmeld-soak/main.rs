//! The soak test: the built plugin in real time for any duration, with automation,
//! swaps of the target voice, and background load.
//!
//! Everything is measured in the host: durations of callbacks by the clock, gaps and
//! delay in the output. It only reports: nothing passes or fails.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "hours of audio at most: no count comes near a limit"
)]

mod driver;
mod output_analysis;
mod player;
mod report;

use anyhow::{Context, Result, bail};
use driver::{BLOCK, RATE_HZ};
use player::{Player, Swaps};
use report::{Driver, Report};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::hops::round;
use voxmeld_tests::host::{Clock, Host};
use voxmeld_tests::machine::{Machine, resident_mib};
use voxmeld_tests::{env, say};

/// Options of the command line.
struct Options {
    minutes: f64,
    instances: usize,
    /// Background load as a share of one core.
    background_load: f64,
    bundle: PathBuf,
    out: PathBuf,
}

fn main() -> ExitCode {
    match options().and_then(|options| soak(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options> {
    let (mut minutes, mut instances, mut background_load) = (10.0, 1, 0.5);
    let (mut bundle, mut out) = (None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--minutes" => minutes = value.parse()?,
            "--instances" => instances = value.parse()?,
            "--background-load" => background_load = value.parse()?,
            "--bundle" => bundle = Some(PathBuf::from(value)),
            "--out" => out = Some(PathBuf::from(value)),
            _ => bail!(
                "unknown argument {word}: voxmeld-soak [--minutes N] [--instances M] [--background-load 0..1] [--bundle DIR] [--out DIR]"
            ),
        }
    }
    Ok(Options {
        minutes,
        instances,
        background_load,
        bundle: bundle.map_or_else(env::bundle, Ok)?,
        out: out.unwrap_or_else(|| env::target().join("soak")),
    })
}

fn soak(options: &Options) -> Result<()> {
    let speech = Sound::read(&env::sample_speech()?)?.at_rate(RATE_HZ)?.samples;
    let host = Host::load(&options.bundle.join("voxmeld.clap"))?;
    let mut players = Vec::new();
    for n in 0..options.instances {
        players.push(Player::start(&host, &speech, n)?);
    }
    let swaps = Swaps::of(&mut players[0], &options.bundle)?;
    let mut render_delays_ms = Vec::new();
    for session in &swaps.0 {
        render_delays_ms.extend(Player::delays_of_offline_render(&host, &speech, session)?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let background = run_background_load(options.background_load, stop.clone());
    say(format!(
        "{} minutes, {} instance(s), {} Hz, blocks of {BLOCK}",
        options.minutes, options.instances, RATE_HZ
    ));
    let driver = drive(options, &mut players, &swaps);
    stop.store(true, Relaxed);
    let _ = background.join();
    let instances = players.into_iter().map(Player::finish).collect();
    let report = Report::new(
        options.minutes,
        options.background_load,
        driver?,
        &render_delays_ms,
        instances,
        Machine::this(),
    );
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    let text = report.text();
    std::fs::write(
        options.out.join("report.json"),
        serde_json::to_string_pretty(&report)? + "\n",
    )?;
    std::fs::write(options.out.join("report.txt"), &text)?;
    say(format!("\n{text}"));
    say(options.out.join("report.json").display());
    Ok(())
}

/// Plays the audio thread: all instances, block after block, in real time.
fn drive(options: &Options, players: &mut [Player], swaps: &Swaps) -> Result<Driver> {
    let total = (options.minutes * 60.0 * f64::from(RATE_HZ)) as usize / BLOCK;
    let warm = (60 * RATE_HZ as usize / BLOCK).min(total / 4);
    let mut clock = Clock::start(f64::from(RATE_HZ));
    let started = Instant::now();
    let mut driver = Driver::default();
    for block in 0..total {
        clock.wait_for((block + 1) * BLOCK);
        let woken = Instant::now();
        for player in players.iter_mut() {
            player.play_block(block)?;
        }
        // Counted, because xruns in such blocks are caused by this thread and not by the plugin.
        if woken.elapsed() > Duration::from_secs_f64(BLOCK as f64 / f64::from(RATE_HZ)) {
            driver.long_rounds += 1;
        }
        driver.swaps += swaps.swap_if_due(block, players)?;
        if block == warm {
            driver.resident_mib_after_warm_up = round(resident_mib(), 1);
        }
        if block.is_multiple_of(60 * RATE_HZ as usize / BLOCK) {
            say(format!(
                "{:>4} min  {:.1} MiB",
                block * BLOCK / (60 * RATE_HZ as usize),
                resident_mib()
            ));
        }
    }
    driver.resident_mib_at_end = round(resident_mib(), 1);
    driver.seconds = round(started.elapsed().as_secs_f64(), 1);
    Ok(driver)
}

/// Background load: bursts of 1 to 40 ms that take `share` of one core.
fn run_background_load(share: f64, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut random = voxmeld_tests::signal::Random::new(5);
        let mut sum = 0_u64;
        while !stop.load(Relaxed) && share > 0.0 {
            let burst = Duration::from_millis(1 + random.index(40) as u64);
            let started = Instant::now();
            while started.elapsed() < burst {
                sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
            }
            std::thread::sleep(burst.mul_f64((1.0 - share) / share.max(0.01)));
        }
    })
}
