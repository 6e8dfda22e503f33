//! Block-size invariance of the engine: equal input and automation give equal samples,
//! however the host cuts them into blocks.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::Voice;
use voxmeld_core::model::fake::{noise_voice, pass_through_voice};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::units::Semitones;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

/// Part of the latency, so it has to be equal for all block sizes.
const MAX_BLOCK: usize = 4_096;

fn setup(rate_hz: f64, channels: usize) -> StreamSetup {
    StreamSetup {
        host_rate_hz: rate_hz,
        max_block: MAX_BLOCK,
        channels,
        ..offline_48k()
    }
}

/// Every control changes, at samples that lie inside blocks of every size.
fn automation(len: usize) -> Vec<(usize, BlockControls)> {
    (0..24)
        .map(|step| {
            let part = step as f32 / 24.0;
            let controls = BlockControls {
                voice: Controls {
                    blend_ratio: part,
                    pitch_shift: Semitones(part * 5.0 - 2.0),
                    loudness_follow: if step % 3 == 0 { 0.5 } else { 0.0 },
                    ..Controls::default()
                },
                dry_wet: 1.0 - part / 2.0,
                input_gain: 1.0 + part / 4.0,
                output_gain: 1.0 - part / 4.0,
                bypass: step % 8 == 7,
                ..BlockControls::default()
            };
            (len * step / 24 + 7 * (step % 5), controls)
        })
        .collect()
}

fn render(rate_hz: f64, channels: usize, voice: Voice, sizes: &Sizes) -> Result<Vec<Vec<f32>>> {
    let mut rig = Rig::with_voice(setup(rate_hz, channels), voice)?;
    let len = (rate_hz * 1.2) as usize;
    let input: Vec<Vec<f32>> = (0..channels)
        .map(|channel| noise(channel as u64 + 1, len))
        .collect();
    Ok(rig.play(&input, sizes, &automation(len), Pace::Free))
}

fn assert_invariant(rate_hz: f64, channels: usize, voice: fn() -> Voice) -> Result<()> {
    let reference = render(rate_hz, channels, voice(), &Sizes::all(480))?;
    assert!(
        reference[0].iter().any(|x| x.abs() > 0.01),
        "the output is silent"
    );
    for size in [1, 64, 480, 512, 1_024, MAX_BLOCK] {
        let other = render(rate_hz, channels, voice(), &Sizes::all(size))?;
        assert_same(&reference, &other, &format!("{rate_hz} Hz, blocks of {size}"));
    }
    for seed in 0..4 {
        let other = render(rate_hz, channels, voice(), &Sizes::random(seed, MAX_BLOCK, 200))?;
        assert_same(
            &reference,
            &other,
            &format!("{rate_hz} Hz, random blocks, seed {seed}"),
        );
    }
    Ok(())
}

fn assert_same(a: &[Vec<f32>], b: &[Vec<f32>], what: &str) {
    for (channel, (a, b)) in a.iter().zip(b).enumerate() {
        let first = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(
            first, None,
            "{what}: channel {channel} differs from this sample on"
        );
    }
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_with_pass_through_voice_at_48_khz_stereo() -> Result<()> {
    assert_invariant(48_000.0, 2, pass_through_voice)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_with_noise_voice_at_44_1_khz_mono() -> Result<()> {
    assert_invariant(44_100.0, 1, noise_voice)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_with_noise_voice_at_96_khz_stereo() -> Result<()> {
    assert_invariant(96_000.0, 2, noise_voice)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_at_rates_without_whole_10_ms() -> Result<()> {
    assert_invariant(11_025.0, 1, noise_voice)?;
    assert_invariant(22_050.0, 2, pass_through_voice)?;
    assert_invariant(44_055.9, 2, noise_voice)?;
    assert_invariant(47_952.0, 1, pass_through_voice)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_with_a_hop_of_60_ms() -> Result<()> {
    let render = |sizes: &Sizes| -> Result<Vec<Vec<f32>>> {
        let setup = StreamSetup {
            hop: Hop::Ms60,
            ..setup(48_000.0, 1)
        };
        let mut rig = Rig::with_voice(setup, noise_voice())?;
        Ok(rig.play(&[noise(5, 60_000)], sizes, &automation(60_000), Pace::Free))
    };
    let reference = render(&Sizes::all(480))?;
    assert_same(&reference, &render(&Sizes::all(1))?, "blocks of 1");
    assert_same(
        &reference,
        &render(&Sizes::random(9, MAX_BLOCK, 100))?,
        "random blocks",
    );
    Ok(())
}

#[test]
fn hundred_empty_blocks_leave_the_output_unchanged() -> Result<()> {
    let mut rig = Rig::with_voice(setup(48_000.0, 1), pass_through_voice())?;
    for _ in 0..100 {
        rig.audio().process(&mut [&mut []], &BlockControls::default());
    }
    let after_empty = rig.play_mono(&noise(3, 30_000), 480);
    let mut fresh = Rig::with_voice(setup(48_000.0, 1), pass_through_voice())?;
    assert_same(
        &[fresh.play_mono(&noise(3, 30_000), 480)],
        &[after_empty],
        "after empty blocks",
    );
    Ok(())
}
