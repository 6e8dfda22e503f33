//! Whatever state the engine is in: the input does not leak, voices are not
//! hoarded, and every change leaves a stream that works.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use std::time::{Duration, Instant};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{Random, energy, noise};
use voxmeld_tests::voices::{Census, FaultKind, Switch, mute};

/// One random thing that happens to a plugin; true if the stream goes on as it was.
fn disturb(rig: &mut Rig, switches: &mut Vec<Switch>, random: &mut Random, offline: bool) -> Result<()> {
    let moods = [
        FaultKind::Good,
        FaultKind::NotANumber,
        FaultKind::Infinite,
        FaultKind::Error,
        FaultKind::Panic,
        // Somebody who waits for the worker would wait for ever.
        if offline {
            FaultKind::Good
        } else {
            FaultKind::Stuck
        },
    ];
    // A stall ends before the engine is stopped: that waits for the hop.
    for switch in switches
        .iter()
        .filter(|switch| switch.fault() == FaultKind::Stuck)
    {
        switch.set(FaultKind::Good);
    }
    match random.index(8) {
        0 | 1 => {
            let (voice, switch) = mute();
            rig.engine().use_voice(voice);
            switches.push(switch);
        }
        2 | 3 => {
            let fault = moods[random.index(moods.len())];
            if let Some(switch) = switches.last() {
                switch.set(fault);
                if fault == FaultKind::Stuck {
                    end_stall_soon(switch.clone());
                }
            }
        }
        4 => rig.audio().reset(),
        5 => rig.handle().load(VoiceSelection {
            index: Some(IndexRef::File(FileRef::at("/nowhere/at.all"))),
            ..VoiceSelection::nothing()
        }),
        6 => rig.handle().load(VoiceSelection::nothing()),
        _ => {
            let hop = Hop::ALL[random.index(3)];
            let rates = [44_100.0, 48_000.0, 96_000.0, 22_050.0];
            rig.activate_again(StreamSetup {
                host_rate_hz: rates[random.index(rates.len())],
                hop,
                offline,
                ..offline_48k()
            })?;
        }
    }
    Ok(())
}

/// This stream is fed faster than the clock, and so waits for its worker at
/// times: no stall may last until the next disturbance.
fn end_stall_soon(switch: Switch) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        if switch.fault() == FaultKind::Stuck {
            switch.set(FaultKind::Good);
        }
    });
}

/// Lets go of stalled workers, also where a test fails: an engine cannot end
/// before its worker does.
#[derive(Default)]
struct Switches(Vec<Switch>);

impl Drop for Switches {
    fn drop(&mut self) {
        self.0.iter().for_each(|switch| switch.set(FaultKind::Good));
    }
}

/// All voices here are mute, so every sample that is not zero is a leak.
fn fuzz(seed: u64, offline: bool) -> Result<()> {
    let mut random = Random::new(seed);
    let mut rig = Rig::empty(StreamSetup {
        offline,
        ..offline_48k()
    })?;
    let mut switches = Switches::default();
    for step in 0..60 {
        disturb(&mut rig, &mut switches.0, &mut random, offline)?;
        let mut block = noise(random.bits(), 1 + random.index(6_000));
        for piece in block.chunks_mut(480) {
            rig.audio().process(&mut [piece], &BlockControls::default());
        }
        assert_eq!(energy(&block), 0.0, "seed {seed}, step {step}: something leaked");
    }
    Ok(())
}

#[test]
fn random_offline_calls_with_mute_voices_give_silence() -> Result<()> {
    (0..8).try_for_each(|seed| fuzz(seed, true))
}

#[test]
fn random_live_calls_with_mute_voices_give_silence() -> Result<()> {
    (100..108).try_for_each(|seed| fuzz(seed, false))
}

#[test]
fn thousand_swaps_keep_at_most_six_voices_alive() -> Result<()> {
    let census = Census::default();
    let mut rig = Rig::with_voice(offline_48k(), census.voice())?;
    let mut most = 0;
    for _ in 0..1_000 {
        rig.engine().use_voice(census.voice());
        rig.play_mono(&noise(1, 960), 480);
        most = most.max(census.alive());
    }
    // The one that sounds, the one that comes in, and those that wait in the
    // queue because the worker is a few hops behind the host.
    assert!(most <= 6, "{most} voices were alive at once");
    rig.play_mono(&noise(1, 9_600), 480);
    let started = Instant::now();
    while census.alive() > 1 && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(census.alive(), 1, "only the last one is left");
    drop(rig);
    assert_eq!(census.alive(), 0, "and it goes with the engine");
    Ok(())
}

/// Swapping while nothing plays must not pile voices up either.
#[test]
fn swaps_without_a_stream_keep_the_newest_voice_only() -> Result<()> {
    let census = Census::default();
    let mut rig = Rig::with_voice(offline_48k(), census.voice())?;
    for _ in 0..50 {
        rig.engine().use_voice(census.voice());
    }
    rig.activate_again(offline_48k())?;
    let output = rig.play_mono(&noise(2, 48_000), 480);
    assert!(energy(&output) > 1.0, "the newest voice sounds");
    assert_eq!(census.alive(), 1);
    Ok(())
}
