//! The output of the built CLAP plugin does not depend on the block size, bit for bit, at the rates and in the layouts
//! that hosts use, with automation inside the blocks.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Automation, Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::energy;

/// Part of the latency, so it has to be equal for all block sizes.
const MAX_BLOCK: u32 = 4_096;
/// From the start of the speech; long enough for 50 hops.
const SECONDS: f64 = 1.1;

/// Changes at samples that lie inside blocks of every size.
fn automation(len: usize) -> Vec<Automation> {
    let mut changes = Vec::new();
    for step in 0..20 {
        let position = len * step / 20 + step % 3 * 11;
        let part = step as f64 / 20.0;
        let names: [(&'static str, f64); 3] = [
            ("Blend ratio", part),
            ("Pitch shift", 0.5 + part / 10.0),
            ("Dry/wet", 1.0 - part / 3.0),
        ];
        changes.extend(names.map(|(name, part)| Automation { position, name, part }));
    }
    changes
}

fn render(instance: &mut Instance, input: &[Vec<f32>], sizes: &Sizes, rate_hz: f64) -> Result<Vec<Vec<f32>>> {
    instance.reset()?;
    instance.play(input, sizes, &automation(input[0].len()), Pace::Free, rate_hz)
}

fn assert_invariant(rate_hz: u32, channels: usize) -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.use_channels(channels)?;
    instance.activate(f64::from(rate_hz), MAX_BLOCK)?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.1, 0.1 + SECONDS)
        .at_rate(rate_hz)?
        .samples;
    let input = vec![speech; channels];
    let rate = f64::from(rate_hz);
    let reference = render(&mut instance, &input, &Sizes::all(480), rate)?;
    assert!(energy(&reference[0]) > 0.1, "the output is silent");
    let mut block_sizes: Vec<(String, Sizes)> = [1, 64, 512, 1_024, 4_096]
        .iter()
        .map(|&size| (format!("blocks of {size}"), Sizes::all(size)))
        .collect();
    for seed in 0..2 {
        block_sizes.push((
            format!("mixed blocks, seed {seed}"),
            Sizes::random(seed, MAX_BLOCK as usize, 300),
        ));
    }
    for (what, sizes) in block_sizes {
        let output = render(&mut instance, &input, &sizes, rate)?;
        for (channel, (a, b)) in reference.iter().zip(&output).enumerate() {
            let first = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(
                first, None,
                "{rate_hz} Hz, {what}, channel {channel}: the outputs differ from this sample on"
            );
        }
    }
    Ok(())
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_stereo_44_1_khz() -> Result<()> {
    assert_invariant(44_100, 2)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_stereo_48_khz() -> Result<()> {
    assert_invariant(48_000, 2)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_stereo_96_khz() -> Result<()> {
    assert_invariant(96_000, 2)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_mono_44_1_khz() -> Result<()> {
    assert_invariant(44_100, 1)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_mono_48_khz() -> Result<()> {
    assert_invariant(48_000, 1)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_mono_96_khz() -> Result<()> {
    assert_invariant(96_000, 1)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_stereo_22_05_khz() -> Result<()> {
    assert_invariant(22_050, 2)
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_mono_47_952_khz() -> Result<()> {
    assert_invariant(47_952, 1)
}
