//! Hosts that stop and start processing around their blocks, with continuous time and without
//! it; and hosts that stop and start to reset.
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
use voxmeld_tests::signal::energy;
use voxmeld_tests::vst3::{RawBlock, RawBus, Vst3Instance};
use vst3::Steinberg::Vst::{IAudioProcessorTrait, ProcessContext};

const STEREO: u64 = 0b11;
const BLOCK: usize = 480;
const OFFLINE: i32 = 2;
/// `kContTimeValid`.
const TIME_VALID: u32 = 1 << 17;

fn load() -> Result<Vst3Instance> {
    Vst3Instance::load(BLOCK, STEREO, STEREO)
}

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.6);
    Ok(sound.at_rate(48_000)?.samples)
}

/// Plays `input` in place; stops and starts before every `every`th block (0: never). The
/// continuous time starts at `time` (`None`: unknown).
fn play(vst3: &Vst3Instance, input: &[f32], every: usize, time: Option<i64>) -> Result<Vec<f32>> {
    let mut output = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        if every > 0 && n % every == 0 {
            stop_and_start(vst3);
        }
        let mut channels = [block.to_vec(), block.to_vec()];
        let bus = RawBus::of(&channels.each_mut().map(|channel| channel.as_mut_ptr()));
        let context = match time {
            // SAFETY: all zero is a valid context: numbers.
            Some(time) => Some(ProcessContext {
                state: TIME_VALID,
                continousTimeSamples: time + i64::try_from(n * BLOCK)?,
                ..unsafe { std::mem::zeroed() }
            }),
            None => None,
        };
        let mut raw = RawBlock {
            mode: OFFLINE,
            samples: i32::try_from(block.len())?,
            inputs: vec![bus.clone()],
            outputs: vec![bus],
            context,
            ..RawBlock::default()
        };
        ensure!(raw.process(vst3.processor()).0 == 0, "the block is rejected");
        let [left, _] = channels;
        output.extend(left);
    }
    Ok(output)
}

fn stop_and_start(vst3: &Vst3Instance) {
    // SAFETY: plain numbers.
    unsafe {
        vst3.processor().setProcessing(0);
        vst3.processor().setProcessing(1);
    }
}

#[test]
fn stop_and_start_around_blocks_give_equal_output() -> Result<()> {
    let input = speech()?;
    let without = play(&load()?, &input, 0, None)?;
    ensure!(energy(&without) > 1.0, "the output is silent");
    // Without continuous time, a start after a run as long as the latency (8 blocks here) is a reset.
    for (every, time) in [
        (1, None),
        (2, None),
        (7, None),
        (1, Some(0)),
        (7, Some(5)),
        (31, Some(0)),
    ] {
        let output = play(&load()?, &input, every, time)?;
        ensure!(
            output == without,
            "stopped every {every} blocks, time {time:?}: the output differs, energy {} instead of {}",
            energy(&output),
            energy(&without)
        );
    }
    Ok(())
}

#[test]
fn start_after_a_gap_or_after_a_long_run_without_time_starts_over() -> Result<()> {
    let input = speech()?;
    let (before, after) = input.split_at(100 * BLOCK);
    let fresh = play(&load()?, after, 0, None)?;
    let length = i64::try_from(before.len())?;
    for (first, then) in [
        (Some(0), Some(length + 1)),
        (Some(0), Some(0)),
        (None, None),
        (Some(0), None),
        (None, Some(0)),
    ] {
        let vst3 = load()?;
        play(&vst3, before, 0, first)?;
        stop_and_start(&vst3);
        stop_and_start(&vst3);
        let output = play(&vst3, after, 0, then)?;
        ensure!(
            output == fresh,
            "{first:?}, then {then:?}: the stream did not start over"
        );
    }
    Ok(())
}
