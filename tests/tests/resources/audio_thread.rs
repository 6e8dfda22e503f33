//! The engine's `process` and `reset` neither allocate nor free: counted by this program's allocator on the calling
//! thread.
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
use voxmeld_tests::allocations::count_allocations;
use voxmeld_tests::fake_voices::{FaultKind, fault_injector};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

fn live() -> StreamSetup {
    StreamSetup {
        offline: false,
        channels: 2,
        ..offline_48k()
    }
}

#[test]
fn allocator_counts_an_allocation_and_a_free() {
    assert!(count_allocations(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(64)))) >= 2);
    assert_eq!(count_allocations(|| {}), 0);
}

#[test]
fn failing_and_swapped_voices_allocate_nothing_in_process() -> Result<()> {
    let (voice, switch) = fault_injector();
    let mut rig = Rig::with_voice(live(), voice)?;
    let faults = [
        FaultKind::None,
        FaultKind::Stalled,
        FaultKind::None,
        FaultKind::NotANumber,
        FaultKind::None,
        FaultKind::Error,
        FaultKind::None,
    ];
    let (mut left, mut right) = (noise(1, 480), noise(2, 480));
    for step in 0..280 {
        switch.set(faults[step / 40]);
        match step {
            // A swap, and a new voice after the failed one.
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
        let count =
            count_allocations(|| audio.process(&mut [&mut left[..len], &mut right[..len]], &controls));
        assert_eq!(count, 0, "step {step} ({:?})", switch.fault());
        if step % 100 == 99 {
            let audio = rig.audio();
            assert_eq!(count_allocations(|| audio.reset()), 0, "reset");
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    switch.set(FaultKind::None);
    Ok(())
}

#[test]
fn no_voice_or_unsupported_rate_allocates_nothing_in_process() -> Result<()> {
    for rate_hz in [48_000.0, 22_050.0, 768_000.0] {
        let mut rig = Rig::empty(StreamSetup {
            host_rate_hz: rate_hz,
            ..live()
        })?;
        let (mut left, mut right) = (noise(1, 480), noise(2, 480));
        for _ in 0..50 {
            let audio = rig.audio();
            let count =
                count_allocations(|| audio.process(&mut [&mut left, &mut right], &BlockControls::default()));
            assert_eq!(count, 0, "{rate_hz} Hz");
        }
    }
    Ok(())
}
