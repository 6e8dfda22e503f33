//! In every state of the engine the input does not leak into the output, old voices are dropped, and the stream works
//! after every change.
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
use voxmeld_tests::fake_voices::{FaultKind, FaultSwitch, VoiceCounter, silent_voice};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{Random, energy, noise};

/// Makes one random change: a voice, a fault, a reset, a load, or another stream.
fn change_randomly(
    rig: &mut Rig,
    switches: &mut Vec<FaultSwitch>,
    random: &mut Random,
    offline: bool,
) -> Result<()> {
    let faults = [
        FaultKind::None,
        FaultKind::NotANumber,
        FaultKind::Infinite,
        FaultKind::Error,
        FaultKind::Panic,
        // An offline stream would wait for a stalled worker.
        if offline {
            FaultKind::None
        } else {
            FaultKind::Stalled
        },
    ];
    // Stopping the engine waits for the current hop, so a stall has to end before.
    for switch in switches
        .iter()
        .filter(|switch| switch.fault() == FaultKind::Stalled)
    {
        switch.set(FaultKind::None);
    }
    match random.index(8) {
        0 | 1 => {
            let (voice, switch) = silent_voice();
            rig.engine().use_voice(voice);
            switches.push(switch);
        }
        2 | 3 => {
            let fault = faults[random.index(faults.len())];
            if let Some(switch) = switches.last() {
                switch.set(fault);
                if fault == FaultKind::Stalled {
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
            let rates = [44_100.0, 48_000.0, 96_000.0, 22_050.0, 768_000.0];
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

/// The stream is driven faster than real time and sometimes waits for its worker, so no stall may
/// last until the next change.
fn end_stall_soon(switch: FaultSwitch) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        if switch.fault() == FaultKind::Stalled {
            switch.set(FaultKind::None);
        }
    });
}

/// Ends all stalls when dropped, also if a test fails: an engine waits for its worker when it is
/// dropped.
#[derive(Default)]
struct FaultSwitches(Vec<FaultSwitch>);

impl Drop for FaultSwitches {
    fn drop(&mut self) {
        self.0.iter().for_each(|switch| switch.set(FaultKind::None));
    }
}

/// All voices are silent, so every sample that is not zero is a leak.
fn fuzz(seed: u64, offline: bool) -> Result<()> {
    let mut random = Random::new(seed);
    let mut rig = Rig::empty(StreamSetup {
        offline,
        ..offline_48k()
    })?;
    let mut switches = FaultSwitches::default();
    for step in 0..60 {
        change_randomly(&mut rig, &mut switches.0, &mut random, offline)?;
        let mut block = noise(random.bits(), 1 + random.index(6_000));
        for piece in block.chunks_mut(480) {
            rig.audio().process(&mut [piece], &BlockControls::default());
        }
        assert_eq!(energy(&block), 0.0, "seed {seed}, step {step}: the input leaks");
    }
    Ok(())
}

#[test]
fn random_offline_calls_with_silent_voices_give_silence() -> Result<()> {
    (0..8).try_for_each(|seed| fuzz(seed, true))
}

#[test]
fn random_live_calls_with_silent_voices_give_silence() -> Result<()> {
    (100..108).try_for_each(|seed| fuzz(seed, false))
}

#[test]
fn thousand_swaps_keep_at_most_eight_voices_alive() -> Result<()> {
    let counter = VoiceCounter::default();
    let mut rig = Rig::with_voice(offline_48k(), counter.voice())?;
    let mut max_alive = 0;
    for _ in 0..1_000 {
        rig.engine().use_voice(counter.voice());
        rig.play_mono(&noise(1, 960), 480);
        max_alive = max_alive.max(counter.alive());
    }
    // The one that plays, the one that fades in, those in the queue, because the worker is a few
    // hops behind the host, and two on their way to be freed on the loader.
    assert!(max_alive <= 8, "{max_alive} voices were alive at once");
    rig.play_mono(&noise(1, 9_600), 480);
    let started = Instant::now();
    while counter.alive() > 1 && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(counter.alive(), 1, "old voices are alive");
    drop(rig);
    assert_eq!(counter.alive(), 0, "a voice outlives the engine");
    Ok(())
}

/// Voices must not accumulate while nothing plays.
#[test]
fn swaps_without_a_stream_keep_the_newest_voice_only() -> Result<()> {
    let counter = VoiceCounter::default();
    let mut rig = Rig::with_voice(offline_48k(), counter.voice())?;
    for _ in 0..50 {
        rig.engine().use_voice(counter.voice());
    }
    rig.activate_again(offline_48k())?;
    let output = rig.play_mono(&noise(2, 48_000), 480);
    assert!(energy(&output) > 1.0, "the newest voice is silent");
    assert_eq!(counter.alive(), 1);
    Ok(())
}
