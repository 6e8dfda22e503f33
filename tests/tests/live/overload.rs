//! On an overloaded machine the engine reduces quality and keeps the latency. The steps are counted, shown in the
//! status, reverted afterwards, and not audible as clicks.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Result, bail};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::quality::Quality;
use voxmeld_core::rt::BlockControls;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{noise, worst_step};
use voxmeld_tests::simulated_load::SimulatedLoad;

/// A long hop, so that this machine is not late itself.
const HOP: Hop = Hop::Ms80;

fn setup(offline: bool) -> StreamSetup {
    StreamSetup {
        hop: HOP,
        offline,
        ..offline_48k()
    }
}

fn play(rig: &mut Rig, seconds: f64, pace: Pace) -> Vec<f32> {
    let input = noise(7, (seconds * 48_000.0) as usize);
    let mut output = rig.play(&[input], &Sizes::all(480), &[(0, BlockControls::default())], pace);
    output.swap_remove(0)
}

/// Slower and slower passes, because interruptions by this machine are not tested here.
fn without_interruption<T>(mut pass: impl FnMut(Pace) -> Result<(T, u64)>) -> Result<T> {
    for pace in Pace::LIVE_TRIES {
        let (result, xruns) = pass(pace)?;
        if xruns == 0 {
            return Ok(result);
        }
    }
    bail!("even the slowest pass of a trivial voice was interrupted")
}

#[test]
fn overload_reduces_quality_without_xruns_or_clicks() -> Result<()> {
    let _lock = crate::lock_machine();
    let output = without_interruption(|pace| {
        let load = SimulatedLoad::default();
        load.set(0.4, HOP.ms());
        let mut rig = Rig::under_load(setup(false), &load)?;
        let mut output = play(&mut rig, 1.5, pace);
        let before = rig.handle().status();
        if before.xruns > 0 {
            return Ok((output, before.xruns));
        }
        assert_eq!(before.quality_steps, 0, "reduced without overload");

        load.set(1.2, HOP.ms());
        output.extend(play(&mut rig, 2.0, pace));
        let overloaded = rig.handle().status();
        load.set(0.4, HOP.ms());
        output.extend(play(&mut rig, 3.0, pace));
        let after = rig.handle().status();
        if after.xruns == 0 {
            assert_eq!(overloaded.quality, Quality::HalfContext, "not reduced");
            assert!(overloaded.reduced_hops > 0, "reduced hops are not counted");
            assert_eq!(after.quality, Quality::Full, "not reverted");
            assert_eq!(after.quality_steps, 1, "reduced more than once");
            assert_eq!(after.missing_samples, 0, "samples are missing");
        }
        Ok((output, after.xruns))
    })?;
    // The voice's level is the length of its context: full, half, and full again.
    let level = |seconds: f64| output[(seconds * 48_000.0) as usize];
    let (full, half) = (level(1.4), level(3.4));
    assert!(half < full - 0.1, "{full} and {half}");
    assert_eq!(level(6.4), full);
    // No click after the fade-in of 5 ms at the start.
    let step = worst_step(&output[40_000..]);
    assert!(step < 0.003, "a step of {step} between levels {full} and {half}");
    Ok(())
}

#[test]
fn overload_offline_keeps_full_quality() -> Result<()> {
    let _lock = crate::lock_machine();
    let render = |cost: f64| -> Result<Vec<f32>> {
        let load = SimulatedLoad::default();
        load.set(cost, HOP.ms());
        let mut rig = Rig::under_load(setup(true), &load)?;
        let output = play(&mut rig, 4.0, Pace::Free);
        let status = rig.handle().status();
        assert_eq!((status.quality_steps, status.reduced_hops), (0, 0));
        Ok(output)
    };
    assert_eq!(render(0.1)?, render(20.0)?);
    Ok(())
}

#[test]
fn live_pass_without_overload_equals_the_offline_render() -> Result<()> {
    let _lock = crate::lock_machine();
    let pass = |offline: bool, pace: Pace| -> Result<(Vec<f32>, u64)> {
        let load = SimulatedLoad::default();
        load.set(0.6, HOP.ms());
        let mut rig = Rig::under_load(setup(offline), &load)?;
        // In a live stream the voice may arrive after the first hop, so the stream is reset afterwards.
        play(&mut rig, 0.5, pace);
        rig.audio().reset();
        let output = play(&mut rig, 2.0, pace);
        let status = rig.handle().status();
        if status.xruns == 0 {
            assert_eq!(status.quality_steps, 0);
        }
        Ok((output, status.xruns))
    };
    let (render, _) = pass(true, Pace::Free)?;
    let live = without_interruption(|pace| pass(false, pace))?;
    assert_eq!(render, live);
    Ok(())
}
