//! Changes of hop and rate in a VST3 host: the new latency is reported, on the host's thread if the host has a run
//! loop, and the voice sounds again without further calls. (For CLAP: `clap/lifecycle.rs`, `clap/host_changes.rs`.)

use anyhow::{Context, Result, ensure};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::signal::energy;
use voxmeld_tests::vst3::Vst3Instance;

const STEREO: u64 = 0b11;
const MAX_BLOCK: usize = 480;
/// `kLatencyChanged`.
const LATENCY_CHANGED: i32 = 1 << 3;
/// 40 ms, the second of seven.
const HOP_40: f64 = 1.0 / 6.0;

fn load(with_run_loop: bool) -> Result<Vst3Instance> {
    Vst3Instance::load_file(
        &Vst3Instance::bundled_library()?,
        MAX_BLOCK,
        [STEREO, STEREO],
        with_run_loop,
    )
}

fn speech(rate_hz: u32) -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.4);
    Ok(sound.at_rate(rate_hz)?.samples)
}

fn play(vst3: &mut Vst3Instance, input: &[f32]) -> Result<Vec<f32>> {
    let mut output = Vec::new();
    for block in input.chunks(MAX_BLOCK) {
        let mut track = vec![block.to_vec(); 2];
        let mut side = vec![vec![0.0; block.len()]; 2];
        vst3.process(&mut track, &mut side, &[])?;
        output.append(&mut track[0]);
    }
    ensure!(output.iter().all(|x| x.is_finite()), "the output is not finite");
    Ok(output)
}

/// Waits until a changed latency is reported; returns the reporting thread.
fn wait_for_latency_change(vst3: &Vst3Instance) -> Result<ThreadId> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        for (flags, thread) in vst3.take_restart_requests() {
            if flags & LATENCY_CHANGED != 0 {
                return Ok(thread);
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    anyhow::bail!("the host was not notified")
}

fn latency(rate_hz: f64, hop: Hop) -> Result<u64> {
    Ok(Geometry::new(rate_hz, hop, MAX_BLOCK)?.latency_samples() as u64)
}

/// Sets a hop of 40 ms in a block; returns the thread that reports the changed latency.
fn set_hop_40_ms(vst3: &mut Vst3Instance) -> Result<ThreadId> {
    let mut track = vec![vec![0.0; MAX_BLOCK]; 2];
    let mut side = track.clone();
    vst3.process(&mut track, &mut side, &[("Hop", vec![(0, HOP_40)])])?;
    let before = latency(48_000.0, Hop::Ms20)?;
    ensure!(vst3.latency() == before, "the latency changed before the restart");
    wait_for_latency_change(vst3)
}

/// The hop is set on the audio thread, the latency reported on the main thread.
#[test]
fn hop_change_is_reported_on_the_host_thread_and_the_voice_sounds() -> Result<()> {
    let input = speech(48_000)?;
    let mut vst3 = load(true)?;
    ensure!(energy(&play(&mut vst3, &input)?) > 1.0, "the output is silent");
    drop(vst3.take_restart_requests());
    let thread = set_hop_40_ms(&mut vst3)?;
    ensure!(
        thread == std::thread::current().id(),
        "reported on another thread"
    );
    vst3.restart(48_000.0)?;
    assert_eq!(vst3.latency(), latency(48_000.0, Hop::Ms40)?);
    let output = play(&mut vst3, &input)?;
    ensure!(energy(&output) > 1.0, "the voice is silent");

    // A new instance with that hop gives the same output.
    let mut fresh = load(true)?;
    set_hop_40_ms(&mut fresh)?;
    fresh.restart(48_000.0)?;
    ensure!(
        play(&mut fresh, &input)? == output,
        "the output differs from a new instance's"
    );
    Ok(())
}

/// Where the host has no run loop, it is notified when it next calls on its main thread, and on no other thread.
#[test]
fn hop_change_without_a_run_loop_is_reported_at_the_next_call_on_the_main_thread() -> Result<()> {
    for back in [false, true] {
        let mut vst3 = load(false)?;
        set_hop_without_a_run_loop(&mut vst3, HOP_40)?;
        if back {
            set_hop_without_a_run_loop(&mut vst3, 0.0)?;
        }
        let hop = if back { Hop::Ms20 } else { Hop::Ms40 };
        assert_eq!(vst3.latency(), latency(48_000.0, hop)?);
        ensure!(
            energy(&play(&mut vst3, &speech(48_000)?)?) > 1.0,
            "the voice is silent"
        );
    }
    Ok(())
}

fn set_hop_without_a_run_loop(vst3: &mut Vst3Instance, step: f64) -> Result<()> {
    let mut track = vec![vec![0.0; MAX_BLOCK]; 2];
    let mut side = track.clone();
    drop(vst3.take_restart_requests());
    vst3.process(&mut track, &mut side, &[("Hop", vec![(0, step)])])?;
    // The request passes through a thread that must not notify the host: time for it to do so wrongly.
    std::thread::sleep(Duration::from_millis(300));
    ensure!(
        vst3.take_restart_requests().is_empty(),
        "notified without a call of the host's"
    );
    let here = std::thread::current().id();
    let mut requests = Vec::new();
    let started = Instant::now();
    // On a busy machine that thread may not even have run yet.
    while requests.is_empty() && started.elapsed() < Duration::from_secs(20) {
        let _ = vst3.latency();
        requests = vst3.take_restart_requests();
        std::thread::sleep(Duration::from_millis(2));
    }
    ensure!(
        matches!(requests[..], [(flags, thread)] if flags & LATENCY_CHANGED != 0 && thread == here),
        "notified: {requests:?}"
    );
    vst3.restart(48_000.0)
}

/// As pedalboard does. (For CLAP: `clap/ignored_restarts.rs`.)
#[test]
fn hop_change_that_the_host_ignores_takes_effect_inside_the_latency_that_it_knows() -> Result<()> {
    let input = speech(48_000)?;
    let mut vst3 = load(true)?;
    set_hop_40_ms(&mut vst3)?;
    vst3.restart(48_000.0)?;
    play(&mut vst3, &input)?;
    vst3.set_live(true);
    let mut points = vec![("Hop", vec![(0, 0.0)])];
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2_500) {
        let (mut track, mut side) = (vec![vec![0.0; MAX_BLOCK]; 2], vec![vec![0.0; MAX_BLOCK]; 2]);
        vst3.process(&mut track, &mut side, &points)?;
        points.clear();
        std::thread::sleep(Duration::from_millis(10));
    }
    ensure!(
        vst3.latency() == latency(48_000.0, Hop::Ms40)?,
        "the latency changed"
    );
    vst3.set_live(false);
    vst3.start_over();
    let output = play(&mut vst3, &input)?;

    let mut fresh = load(true)?;
    play(&mut fresh, &input)?;
    fresh.start_over();
    let expected = play(&mut fresh, &input)?;
    ensure!(energy(&expected) > 1.0, "the voice is silent");
    let later = usize::try_from(vst3.latency() - fresh.latency())?;
    ensure!(
        output[later..] == expected[..expected.len() - later],
        "the output differs from that of a hop of 20 ms, {later} samples later"
    );
    Ok(())
}

#[test]
fn rate_change_is_reported_on_the_host_thread_and_the_voice_sounds() -> Result<()> {
    let mut vst3 = load(true)?;
    ensure!(
        energy(&play(&mut vst3, &speech(48_000)?)?) > 1.0,
        "the output is silent"
    );
    for rate_hz in [44_100_u32, 96_000, 48_000, 192_000] {
        drop(vst3.take_restart_requests());
        vst3.restart(f64::from(rate_hz))?;
        let thread = wait_for_latency_change(&vst3).with_context(|| format!("{rate_hz} Hz"))?;
        ensure!(
            thread == std::thread::current().id(),
            "{rate_hz} Hz: reported on another thread"
        );
        assert_eq!(
            vst3.latency(),
            latency(f64::from(rate_hz), Hop::Ms20)?,
            "{rate_hz} Hz"
        );
        // The voice has to sound without further calls.
        let output = play(&mut vst3, &speech(rate_hz)?)?;
        ensure!(energy(&output) > 1.0, "{rate_hz} Hz: the voice is silent");
    }
    Ok(())
}
