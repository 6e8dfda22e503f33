//! A host that stops and starts processing around its blocks: the output is the same as
//! without, except after a gap in the host's steady time.
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

/// Plays `input`; stops and starts before every `every`th block (0: never). The steady time
/// starts at `time` (`None`: unknown).
fn play(plug: &RawPlugin, input: &[f32], every: usize, time: Option<i64>) -> Result<Vec<f32>> {
    let mut output = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        if every > 0 && n % every == 0 {
            plug.stop_processing()?;
            plug.start_processing()?;
        }
        let at = match time {
            Some(time) => time + i64::try_from(n * BLOCK)?,
            None => -1,
        };
        output.extend(plug.process_at(at, block, &[])?);
    }
    Ok(output)
}

#[test]
fn stop_and_start_around_blocks_give_equal_output() -> Result<()> {
    let input = speech()?;
    let without = play(&load()?.plugin(), &input, 0, None)?;
    ensure!(energy(&without) > 1.0, "the output is silent");
    for every in [1, 2, 7, 31] {
        for time in [None, Some(0), Some(1_000_000)] {
            let output = play(&load()?.plugin(), &input, every, time)?;
            ensure!(
                output == without,
                "stopped every {every} blocks, steady time {time:?}: the output differs, energy {} instead of {}",
                energy(&output),
                energy(&without)
            );
        }
    }
    Ok(())
}

/// After a gap the speech from before it must not continue.
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
        let output = play(&plug, after, 0, Some(length + jump))?;
        ensure!(
            output == fresh,
            "after a jump by {jump}: the stream did not start over"
        );
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
        ensure!(
            play(&plug, after, 0, at)? == fresh,
            "{time:?}: the stream did not start over"
        );
        plug.stop_processing()?;
        plug.reset()?;
        plug.start_processing()?;
        ensure!(
            play(&plug, after, 0, at)? == fresh,
            "{time:?}, reset while stopped: the stream did not start over"
        );
    }
    Ok(())
}
