//! The audio thread neither allocates nor frees: counted by the allocator of
//! this very program, on the thread that calls `process`.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use std::time::Duration;
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;
use voxmeld_tests::voices::{FaultKind, fault_injector};
use voxmeld_tests::watch::watched;

fn live() -> StreamSetup {
    StreamSetup {
        offline: false,
        channels: 2,
        ..offline_48k()
    }
}

#[test]
fn counter_sees_an_allocation_and_a_free() {
    assert!(watched(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(64)))) >= 2);
    assert_eq!(watched(|| {}), 0);
}

#[test]
fn failing_and_swapped_voices_allocate_nothing_in_process() -> Result<()> {
    let (voice, switch) = fault_injector();
    let mut rig = Rig::with_voice(live(), voice)?;
    let moods = [
        FaultKind::Good,
        FaultKind::Stuck,
        FaultKind::Good,
        FaultKind::NotANumber,
        FaultKind::Good,
        FaultKind::Error,
        FaultKind::Good,
    ];
    let (mut left, mut right) = (noise(1, 480), noise(2, 480));
    for step in 0..280 {
        switch.set(moods[step / 40]);
        match step {
            // Swaps, and a voice after the failed one.
            60 | 240 => rig.engine().use_voice(pass_through_voice()),
            _ => {}
        }
        let controls = BlockControls {
            voice: Controls {
                blend_ratio: step as f32 / 280.0,
                ..Controls::default()
            },
            dry_wet: if step % 9 == 0 { 0.5 } else { 1.0 },
            bypass: step % 50 == 49,
            ..BlockControls::default()
        };
        let len = 480 - step % 7 * 60;
        let audio = rig.audio();
        let count = watched(|| audio.process(&mut [&mut left[..len], &mut right[..len]], &controls));
        assert_eq!(count, 0, "step {step} ({:?})", switch.fault());
        if step % 100 == 99 {
            let audio = rig.audio();
            assert_eq!(watched(|| audio.reset()), 0, "a reset");
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    switch.set(FaultKind::Good);
    Ok(())
}

#[test]
fn no_voice_or_unsupported_rate_allocates_nothing_in_process() -> Result<()> {
    for rate_hz in [48_000.0, 22_050.0] {
        let mut rig = Rig::empty(StreamSetup {
            host_rate_hz: rate_hz,
            ..live()
        })?;
        let (mut left, mut right) = (noise(1, 480), noise(2, 480));
        for _ in 0..50 {
            let audio = rig.audio();
            let count = watched(|| audio.process(&mut [&mut left, &mut right], &BlockControls::default()));
            assert_eq!(count, 0, "{rate_hz} Hz");
        }
    }
    Ok(())
}
