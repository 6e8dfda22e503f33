//! Hosts that process several blocks at once and then pause for as long as these last: anticipative
//! rendering, and large device buffers that are cut into small blocks.
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
use voxmeld_tests::host::{Host, Pace, Sizes};

const RATE_HZ: f64 = 48_000.0;

/// Longest run of exact zeros, in samples; a lost hop leaves such a run.
fn longest_gap(samples: &[f32]) -> usize {
    samples
        .split(|sample| *sample != 0.0)
        .map(<[f32]>::len)
        .max()
        .unwrap_or(0)
}

/// Plays speech through the built plugin at a hop of 160 ms, by a clock that runs `slowness` times slower: both so that
/// a busy machine does not affect the result.
fn play(host: &Host, sizes: &Sizes, pace: Pace, slowness: f64) -> Result<Vec<f32>> {
    let speech = Sound::read(&env::sample_speech()?)?
        .at_rate(48_000)?
        .part(0.0, 3.0);
    let mut instance = host.instance()?;
    let hops = instance.param("Hop")?.clone();
    instance.set("Hop", 5.0 / (hops.max - hops.min))?;
    instance.activate(RATE_HZ, 480)?;
    // An offline pass first, which waits until the voice is loaded.
    let warm_up = vec![speech.samples.clone(); 2];
    instance.set_offline(true)?;
    instance.play(&warm_up, &Sizes::all(480), &[], Pace::Free, RATE_HZ)?;
    instance.set_offline(false)?;
    instance.reset()?;
    let input = vec![speech.samples; 2];
    let mut output = instance.play(&input, sizes, &[], pace, RATE_HZ / slowness)?;
    Ok(output.swap_remove(0))
}

#[test]
fn bursts_of_5_to_75_blocks_equal_the_offline_render() -> Result<()> {
    let _alone = super::lock_machine();
    let host = Host::load_bundle()?;
    let render = play(&host, &Sizes::all(480), Pace::Free, 1.0)?;
    let latency = render.iter().position(|sample| *sample != 0.0).unwrap_or(0);
    for (blocks, sizes) in [
        (20, Sizes::all(480)),
        (40, Sizes::all(480)),
        (5, Sizes(vec![480, 480, 480, 480, 128])),
        (75, Sizes::all(256)),
    ] {
        // Slower and slower, because a machine that stalls the worker is not tested here.
        let mut problem = String::new();
        for pace in Pace::LIVE_TRIES {
            let output = play(&host, &sizes, Pace::Bursts(blocks), pace.slowness())?;
            let first = output
                .iter()
                .zip(&render)
                .position(|(burst, render)| burst.to_bits() != render.to_bits());
            problem = match first {
                None => String::new(),
                Some(first) => format!(
                    "{blocks} blocks at once: differs from sample {first} on; longest gap {} samples",
                    longest_gap(&output[latency..])
                ),
            };
            if problem.is_empty() {
                break;
            }
        }
        ensure!(problem.is_empty(), "{problem}");
    }
    Ok(())
}
