//! Offline renders wait for a worker that makes progress, and stop waiting for one that does not.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use std::time::{Duration, Instant};
use voxmeld_tests::fake_voices::{FaultKind, fault_injector, slow_voice};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, tone};

#[test]
fn stalled_worker_is_abandoned_once_with_a_message() -> Result<()> {
    let _lock = crate::lock_machine();
    let (voice, switch) = fault_injector();
    let mut rig = Rig::with_voice(offline_48k(), voice)?;
    let input = tone(48_000, 300.0, 0.5, 96_000);
    let whole = rig.play_mono(&input, 480);
    assert!(
        energy(&whole[48_000..]) > 1.0,
        "the voice is silent before the stall"
    );
    assert_eq!(rig.handle().status().message, None);

    switch.set(FaultKind::Stalled);
    let started = Instant::now();
    let stalled = rig.play_mono(&input, 480);
    // A hundred hops: a wait for each of them would take minutes.
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "the render waits for every hop"
    );
    assert_eq!(
        energy(&stalled[48_000..]),
        0.0,
        "old audio or the input in the output"
    );
    let status = rig.handle().status();
    let message = status.message.unwrap_or_default();
    assert!(message.contains("render it again"), "{message}");
    assert!(status.missing_samples > 48_000, "{}", status.missing_samples);

    // Once the worker makes progress again, the render waits for it as before.
    switch.set(FaultKind::None);
    let resumed = rig.play_mono(&input, 480);
    assert!(
        energy(&resumed[72_000..]) > 1.0,
        "the voice is silent after the stall"
    );
    Ok(())
}

#[test]
fn worker_with_hops_of_1_2_s_gives_no_gap_offline() -> Result<()> {
    let _lock = crate::lock_machine();
    let mut rig = Rig::with_voice(offline_48k(), slow_voice(Duration::from_millis(1_200), 25))?;
    let output = rig.play_mono(&tone(48_000, 300.0, 0.5, 72_000), 480);
    let status = rig.handle().status();
    assert_eq!(
        (status.xruns, status.missing_samples, status.message),
        (0, 0, None)
    );
    assert!(energy(&output[48_000..]) > 1.0);
    Ok(())
}
