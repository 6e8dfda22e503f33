//! Another hop or another rate in a VST3 host: the latency is told anew, on the
//! host's own thread where the host gives a way to it, and the voice comes back
//! by itself. (The same for CLAP: `clap/lifecycle.rs`, `clap/host_changes.rs`.)

use anyhow::{Context, Result, ensure};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::signal::energy;
use voxmeld_tests::vst3::Vst3;

const STEREO: u64 = 0b11;
const MAX_BLOCK: usize = 480;
/// `kLatencyChanged`.
const LATENCY_CHANGED: i32 = 1 << 3;
/// 40 ms, the second of seven.
const HOP_40: f64 = 1.0 / 6.0;

fn load(with_run_loop: bool) -> Result<Vst3> {
    Vst3::load_file(&Vst3::built()?, MAX_BLOCK, [STEREO, STEREO], with_run_loop)
}

fn speech(rate_hz: u32) -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.4);
    Ok(sound.at_rate(rate_hz)?.samples)
}

fn play(vst3: &mut Vst3, input: &[f32]) -> Result<Vec<f32>> {
    let mut heard = Vec::new();
    for block in input.chunks(MAX_BLOCK) {
        let mut track = vec![block.to_vec(); 2];
        let mut side = vec![vec![0.0; block.len()]; 2];
        vst3.process(&mut track, &mut side, &[])?;
        heard.append(&mut track[0]);
    }
    ensure!(heard.iter().all(|x| x.is_finite()), "a value that is no number");
    Ok(heard)
}

/// The thread on which the latency was said to have changed.
fn told_on(vst3: &Vst3) -> Result<ThreadId> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        for (flags, thread) in vst3.restarts() {
            if flags & LATENCY_CHANGED != 0 {
                return Ok(thread);
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    anyhow::bail!("the host was not told")
}

fn latency(rate_hz: f64, hop: Hop) -> Result<u64> {
    Ok(Geometry::new(rate_hz, hop, MAX_BLOCK)?.latency_samples() as u64)
}

/// Chooses 40 ms in a block, and answers what comes of it.
fn choose_another_hop(vst3: &mut Vst3) -> Result<ThreadId> {
    let mut track = vec![vec![0.0; MAX_BLOCK]; 2];
    let mut side = track.clone();
    vst3.process(&mut track, &mut side, &[("Hop", vec![(0, HOP_40)])])?;
    let before = latency(48_000.0, Hop::Ms20)?;
    ensure!(vst3.latency() == before, "until the restart the latency stays");
    told_on(vst3)
}

/// Chosen in a block, so from the audio thread; told on the main one.
#[test]
fn hop_change_is_reported_on_the_host_thread_and_the_voice_sounds() -> Result<()> {
    let input = speech(48_000)?;
    let mut vst3 = load(true)?;
    ensure!(energy(&play(&mut vst3, &input)?) > 1.0, "it does not sound");
    drop(vst3.restarts());
    let thread = choose_another_hop(&mut vst3)?;
    ensure!(thread == std::thread::current().id(), "told on another thread");
    vst3.restart(48_000.0)?;
    assert_eq!(vst3.latency(), latency(48_000.0, Hop::Ms40)?);
    let back = play(&mut vst3, &input)?;
    ensure!(energy(&back) > 1.0, "the voice is gone");

    // As if it had never been otherwise.
    let mut fresh = load(true)?;
    choose_another_hop(&mut fresh)?;
    fresh.restart(48_000.0)?;
    ensure!(play(&mut fresh, &input)? == back, "it sounds otherwise");
    Ok(())
}

/// Chosen in a block on a thread of its own, or on this one. Where nothing of the host's runs
/// on its main thread, it is told when it next calls there, and on no other thread.
#[test]
fn hop_change_without_a_run_loop_is_reported_at_the_next_call_on_the_main_thread() -> Result<()> {
    for back in [false, true] {
        let mut vst3 = load(false)?;
        choose_another_hop_without_a_run_loop(&mut vst3, HOP_40)?;
        if back {
            choose_another_hop_without_a_run_loop(&mut vst3, 0.0)?;
        }
        let hop = if back { Hop::Ms20 } else { Hop::Ms40 };
        assert_eq!(vst3.latency(), latency(48_000.0, hop)?);
        ensure!(
            energy(&play(&mut vst3, &speech(48_000)?)?) > 1.0,
            "the voice is gone"
        );
    }
    Ok(())
}

fn choose_another_hop_without_a_run_loop(vst3: &mut Vst3, step: f64) -> Result<()> {
    let mut track = vec![vec![0.0; MAX_BLOCK]; 2];
    let mut side = track.clone();
    drop(vst3.restarts());
    vst3.process(&mut track, &mut side, &[("Hop", vec![(0, step)])])?;
    // The request goes by a thread that must not tell the host: time for it to do so.
    std::thread::sleep(Duration::from_millis(300));
    ensure!(vst3.restarts().is_empty(), "told without a call of the host's");
    let _ = vst3.latency();
    let here = std::thread::current().id();
    let told = vst3.restarts();
    ensure!(
        matches!(told[..], [(flags, thread)] if flags & LATENCY_CHANGED != 0 && thread == here),
        "told {told:?}"
    );
    vst3.restart(48_000.0)
}

#[test]
fn rate_change_is_reported_on_the_host_thread_and_the_voice_sounds() -> Result<()> {
    let mut vst3 = load(true)?;
    ensure!(
        energy(&play(&mut vst3, &speech(48_000)?)?) > 1.0,
        "it does not sound"
    );
    for rate_hz in [44_100_u32, 96_000, 48_000, 192_000] {
        drop(vst3.restarts());
        vst3.restart(f64::from(rate_hz))?;
        let thread = told_on(&vst3).with_context(|| format!("{rate_hz} Hz"))?;
        ensure!(
            thread == std::thread::current().id(),
            "{rate_hz} Hz: told on another thread"
        );
        assert_eq!(
            vst3.latency(),
            latency(f64::from(rate_hz), Hop::Ms20)?,
            "{rate_hz} Hz"
        );
        // By itself: nothing but audio follows.
        let back = play(&mut vst3, &speech(rate_hz)?)?;
        ensure!(energy(&back) > 1.0, "{rate_hz} Hz: the voice is gone");
    }
    Ok(())
}
