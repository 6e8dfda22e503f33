//! An offline render and a real-time pass without interruptions give equal output.
#![allow(clippy::cast_precision_loss, reason = "a few seconds of audio")]

use anyhow::{Result, bail};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::fake::noise_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

/// A long hop, so that a busy machine is not late: lateness is not tested here.
fn setup(offline: bool) -> StreamSetup {
    StreamSetup {
        hop: Hop::Ms160,
        offline,
        ..offline_48k()
    }
}

fn render(setup: StreamSetup, input: &[f32], pace: Pace) -> Result<(Vec<f32>, u64)> {
    let mut rig = Rig::with_voice(setup, noise_voice())?;
    // In a live stream the voice may arrive after the first hop, so the stream is reset afterwards.
    rig.play(
        &[vec![0.0; 24_000]],
        &Sizes::all(480),
        &[(0, BlockControls::default())],
        pace,
    );
    rig.audio().reset();
    let before = rig.handle().status().xruns;
    let mut output = rig.play(&[input.to_vec()], &Sizes::all(480), &[], pace);
    Ok((output.swap_remove(0), rig.handle().status().xruns - before))
}

/// Slower and slower passes, because interruptions by the machine make them differ.
fn live(input: &[f32]) -> Result<Vec<f32>> {
    for pace in Pace::LIVE_TRIES {
        let (output, xruns) = render(setup(false), input, pace)?;
        if xruns == 0 {
            return Ok(output);
        }
    }
    bail!("even the slowest pass of a trivial voice was interrupted")
}

#[test]
fn real_time_pass_equals_the_offline_render() -> Result<()> {
    let _lock = crate::lock_machine();
    let input = noise(3, 48_000 * 3);
    let (offline, _) = render(setup(true), &input, Pace::Free)?;
    let live = live(&input)?;
    let first = offline
        .iter()
        .zip(&live)
        .position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(first, None, "offline and live differ from this sample on");
    Ok(())
}

/// Some hosts render faster than real time without setting the offline mode: the engine has to detect it by the clock.
#[test]
fn unannounced_offline_render_has_no_gaps_after_one_second() -> Result<()> {
    let _lock = crate::lock_machine();
    let input = noise(4, 48_000 * 20);
    let (announced, _) = render(setup(true), &input, Pace::Free)?;
    let (unannounced, _) = render(setup(false), &input, Pace::Free)?;
    // The detection takes half a second of audio.
    let from = 48_000;
    let first = announced[from..]
        .iter()
        .zip(&unannounced[from..])
        .position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(first, None, "differs at this sample after the first second");
    Ok(())
}
