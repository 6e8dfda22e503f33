//! How often the worker of the built plugin wakes up: at most 200 times a second while it plays, 20 times if the host
//! does not play. A busy machine only lowers these numbers.
//!
//! The cases run in child processes, because threads are counted by name.

#![allow(clippy::cast_precision_loss, reason = "small counts")]

use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::machine::voluntary_switches;
use voxmeld_tests::say;
use voxmeld_tests::signal::noise;

const RATE_HZ: f64 = 48_000.0;

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "playing" => playing(),
        "idle" => idle(),
        _ => Ok(()),
    }
}

#[test]
fn worker_of_a_playing_instance_wakes_at_most_200_times_a_second() -> Result<()> {
    Child::new(module_path!(), "playing")?.expect_success()
}

#[test]
fn worker_of_an_idle_instance_wakes_at_most_20_times_a_second() -> Result<()> {
    Child::new(module_path!(), "idle")?.expect_success()
}

/// Wake-ups of the worker per second while `run` runs.
fn per_second(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let (before, began) = (voluntary_switches("voxmeld worker"), Instant::now());
    run()?;
    let count = voluntary_switches("voxmeld worker") - before;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn play(instance: &mut Instance, seconds: usize, sizes: &Sizes, pace: Pace) -> Result<()> {
    let input = vec![noise(3, seconds * 48_000); 2];
    instance.play(&input, sizes, &[], pace, RATE_HZ).map(drop)
}

fn playing() -> Result<()> {
    let host = Host::load_bundle()?;
    for (what, sizes, pace) in [
        ("blocks of 480", Sizes::all(480), Pace::RealTime),
        ("blocks of 64", Sizes::all(64), Pace::RealTime),
        ("blocks of 1 to 512", Sizes::random(5, 512, 64), Pace::RealTime),
        ("five blocks of 480 at once", Sizes::all(480), Pace::Bursts(5)),
    ] {
        let mut instance = host.instance()?;
        instance.activate(RATE_HZ, 512)?;
        // The voice is loaded in the background.
        play(&mut instance, 2, &sizes, pace)?;
        let wake_ups = per_second(|| play(&mut instance, 4, &sizes, pace))?;
        say(format!("{what}: {wake_ups:.0} wake-ups a second"));
        ensure!(wake_ups > 10.0, "{what}: the worker was not found");
        ensure!(wake_ups <= 200.0, "{what}: {wake_ups:.0} wake-ups a second");
    }
    Ok(())
}

fn idle() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, 480)?;
    let wait = |seconds: u64| {
        std::thread::sleep(Duration::from_secs(seconds));
        Ok(())
    };
    play(&mut instance, 1, &Sizes::all(480), Pace::RealTime)?;
    wait(2)?;
    let stopped = per_second(|| wait(4))?;
    // An offline render whose host has stopped calling.
    instance.set_offline(true)?;
    play(&mut instance, 1, &Sizes::all(480), Pace::Free)?;
    wait(2)?;
    let rendered = per_second(|| wait(4))?;
    instance.deactivate();
    let inactive = per_second(|| wait(4))?;
    say(format!(
        "wake-ups a second: {stopped:.1} stopped, {rendered:.1} after a render, {inactive:.1} not active"
    ));
    for wake_ups in [stopped, rendered, inactive] {
        ensure!(wake_ups <= 21.0, "{wake_ups:.1} wake-ups a second");
    }
    Ok(())
}
