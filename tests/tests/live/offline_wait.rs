//! A host that renders faster than the clock: it waits for a worker that works,
//! and not for one that is dead.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use std::time::{Duration, Instant};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, tone};
use voxmeld_tests::voices::{FaultKind, fault_injector, slow};

#[test]
fn stuck_worker_is_given_up_once_with_a_message() -> Result<()> {
    let _alone = crate::alone();
    let (voice, switch) = fault_injector();
    let mut rig = Rig::with_voice(offline_48k(), voice)?;
    let input = tone(48_000, 300.0, 0.5, 96_000);
    let whole = rig.play_mono(&input, 480);
    assert!(energy(&whole[48_000..]) > 1.0, "it works at first");
    assert_eq!(rig.handle().status().message, None);

    switch.set(FaultKind::Stuck);
    let started = Instant::now();
    let stuck = rig.play_mono(&input, 480);
    // A hundred hops. Were each waited for, this would take minutes.
    assert!(started.elapsed() < Duration::from_secs(60), "it seems to hang");
    assert_eq!(energy(&stuck[48_000..]), 0.0, "nothing old, nothing of the input");
    let status = rig.handle().status();
    let message = status.message.unwrap_or_default();
    assert!(message.contains("render it again"), "{message}");
    assert!(status.missing_samples > 48_000, "{}", status.missing_samples);

    // It was only slow: where it shows life, it is waited for as before.
    switch.set(FaultKind::Good);
    let back = rig.play_mono(&input, 480);
    assert!(energy(&back[72_000..]) > 1.0, "it works again");
    Ok(())
}

#[test]
fn slow_worker_offline_gives_no_gap() -> Result<()> {
    let _alone = crate::alone();
    let mut rig = Rig::with_voice(offline_48k(), slow(Duration::from_millis(1_200), 25))?;
    let output = rig.play_mono(&tone(48_000, 300.0, 0.5, 72_000), 480);
    let status = rig.handle().status();
    assert_eq!(
        (status.xruns, status.missing_samples, status.message),
        (0, 0, None)
    );
    assert!(energy(&output[48_000..]) > 1.0);
    Ok(())
}
