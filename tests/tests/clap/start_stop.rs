//! A host that starts and stops processing round its blocks: what it hears is what it
//! hears without, except where its clock says that something is missing.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use anyhow::{Result, ensure};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::raw_clap_host::{RawClapHost, RawPlugin};
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;

fn load() -> Result<RawClapHost> {
    let bare = RawClapHost::load(&env::bundle()?.join("voxmeld.clap"))?;
    bare.plugin().set_offline(true)?;
    bare.plugin().start(RATE_HZ, u32::try_from(BLOCK)?)?;
    Ok(bare)
}

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.6);
    Ok(sound.at_rate(48_000)?.samples)
}

/// Plays `input`, stopped and started before every block whose number `every` divides
/// (0: never), at steady times from `time` on (`None`: unknown).
fn play(plug: &RawPlugin, input: &[f32], every: usize, time: Option<i64>) -> Result<Vec<f32>> {
    let mut heard = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        if every > 0 && n % every == 0 {
            plug.stop_processing()?;
            plug.start_processing()?;
        }
        let at = match time {
            Some(time) => time + i64::try_from(n * BLOCK)?,
            None => -1,
        };
        heard.extend(plug.process_at(at, block, &[])?);
    }
    Ok(heard)
}

#[test]
fn start_and_stop_round_every_block_give_equal_output() -> Result<()> {
    let input = speech()?;
    let without = play(&load()?.plugin(), &input, 0, None)?;
    ensure!(energy(&without) > 1.0, "it does not sound");
    for every in [1, 2, 7, 31] {
        for time in [None, Some(0), Some(1_000_000)] {
            let heard = play(&load()?.plugin(), &input, every, time)?;
            ensure!(
                heard == without,
                "stopped every {every} blocks, steady time {time:?}: it sounds otherwise, energy {} of {}",
                energy(&heard),
                energy(&without)
            );
        }
    }
    Ok(())
}

/// After a gap the speech of before must not go on.
#[test]
fn start_after_a_gap_of_the_steady_time_starts_over() -> Result<()> {
    let input = speech()?;
    let (before, after) = input.split_at(100 * BLOCK);
    let fresh = play(&load()?.plugin(), after, 0, None)?;
    let length = i64::try_from(before.len())?;
    for jump in [-length, 1, 480_000] {
        let bare = load()?;
        let plug = bare.plugin();
        play(&plug, before, 0, Some(0))?;
        plug.stop_processing()?;
        plug.start_processing()?;
        let heard = play(&plug, after, 0, Some(length + jump))?;
        ensure!(heard == fresh, "after a jump by {jump} something is left");
    }
    Ok(())
}

#[test]
fn reset_by_the_host_starts_over_at_any_steady_time() -> Result<()> {
    let input = speech()?;
    let (before, after) = input.split_at(100 * BLOCK);
    let fresh = play(&load()?.plugin(), after, 0, None)?;
    for time in [None, Some(0)] {
        let bare = load()?;
        let plug = bare.plugin();
        play(&plug, before, 1, time)?;
        plug.reset()?;
        let at = time.map(|_| 480 * 100);
        ensure!(play(&plug, after, 0, at)? == fresh, "{time:?}: something is left");
        plug.stop_processing()?;
        plug.reset()?;
        plug.start_processing()?;
        ensure!(
            play(&plug, after, 0, at)? == fresh,
            "{time:?}, while stopped: something is left"
        );
    }
    Ok(())
}
