//! A host that ignores requests for a restart (Ardour, pedalboard): another hop still takes effect if it fits into
//! the latency that the host knows. (For VST3: `vst3/restarts.rs`.)

#![allow(clippy::cast_precision_loss, reason = "a few seconds of audio")]

use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: u32 = 480;
/// The second and the third of seven hops: 40 and 60 ms.
const HOP_40: f64 = 1.0 / 6.0;
const HOP_60: f64 = 2.0 / 6.0;

fn play(instance: &mut Instance, input: &[f32], pace: Pace) -> Result<Vec<f32>> {
    let input = vec![input.to_vec(); 2];
    let mut output = instance.play(&input, &Sizes::all(480), &[], pace, RATE_HZ)?;
    Ok(output.swap_remove(0))
}

/// An instance with its voice loaded, at a hop of 40 ms.
fn at_hop_40(host: &Host, speech: &[f32]) -> Result<Instance> {
    let mut instance = host.instance()?;
    instance.set("Hop", HOP_40)?;
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, BLOCK)?;
    ensure!(
        energy(&play(&mut instance, speech, Pace::Free)?) > 1.0,
        "the voice is silent"
    );
    instance.set_offline(false)?;
    Ok(instance)
}

/// Plays silence by the clock until a setting has had time to take effect without the host.
fn ignore_requests(instance: &mut Instance) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2_500) {
        play(instance, &[0.0; 4_800], Pace::RealTime)?;
    }
    ensure!(instance.restart_requested(), "the host was not asked");
    Ok(())
}

#[test]
fn a_shorter_hop_takes_effect_inside_the_known_latency_and_the_voice_sounds_at_its_time() -> Result<()> {
    let speech = Sound::read(&env::sample_speech()?)?
        .at_rate(48_000)?
        .part(0.1, 1.6)
        .samples;
    let host = Host::load_bundle()?;
    let mut instance = at_hop_40(&host, &speech)?;
    let latency = instance.latency()?;
    instance.set("Hop", 0.0)?;
    ignore_requests(&mut instance)?;
    ensure!(
        instance.latency()? == latency,
        "the latency changed without a restart"
    );
    instance.set_offline(true)?;
    instance.reset()?;
    let output = play(&mut instance, &speech, Pace::Free)?;
    ensure!(energy(&output) > 1.0, "the voice is silent");

    // As an instance with a hop of 20 ms from the beginning, but later by the difference in latency.
    let mut fresh = host.instance()?;
    fresh.set_offline(true)?;
    fresh.activate(RATE_HZ, BLOCK)?;
    play(&mut fresh, &speech, Pace::Free)?;
    fresh.reset()?;
    let expected = play(&mut fresh, &speech, Pace::Free)?;
    let later = latency - fresh.latency()?;
    ensure!(later == 2 * 960, "{later}");
    ensure!(
        output[later..] == expected[..expected.len() - later],
        "it is not the sound of an instance that began with this hop"
    );
    Ok(())
}

#[test]
fn a_longer_hop_that_does_not_fit_leaves_the_stream_as_it_is() -> Result<()> {
    let speech = Sound::read(&env::sample_speech()?)?
        .at_rate(48_000)?
        .part(0.1, 1.6)
        .samples;
    let host = Host::load_bundle()?;
    let mut instance = at_hop_40(&host, &speech)?;
    instance.set_offline(true)?;
    instance.reset()?;
    let before = play(&mut instance, &speech, Pace::Free)?;
    instance.set_offline(false)?;
    instance.set("Hop", HOP_60)?;
    ignore_requests(&mut instance)?;
    instance.set_offline(true)?;
    instance.reset()?;
    ensure!(
        play(&mut instance, &speech, Pace::Free)? == before,
        "the output changed"
    );
    // The host restarts the plugin after all.
    let latency = instance.latency()?;
    instance.restart()?;
    ensure!(
        instance.latency()? == latency + 2 * 960,
        "the hop was not used after the restart"
    );
    Ok(())
}
