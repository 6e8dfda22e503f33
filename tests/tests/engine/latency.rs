//! The reported latency equals the measured one, for every rate and hop, on every signal path.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::fake::{noise_voice, pass_through_voice};
use voxmeld_core::rt::{BlockControls, WhenNotReady};
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{chirp, delay_of, noise};

fn setup(rate_hz: impl Into<f64>, hop: Hop, max_block: usize) -> StreamSetup {
    StreamSetup {
        host_rate_hz: rate_hz.into(),
        hop,
        max_block,
        ..offline_48k()
    }
}

/// (reported, measured) latency of a sweep through the pass-through voice, in samples.
fn measure(rate_hz: f64, hop: Hop, max_block: usize) -> Result<(usize, f64)> {
    let mut rig = Rig::with_voice(setup(rate_hz, hop, max_block), pass_through_voice())?;
    // Within what the resamplers pass at low rates.
    let sweep = chirp(rate_hz.round() as u32, 0.4, 200.0, (0.35 * rate_hz).min(6_000.0));
    let mut input = sweep.clone();
    input.resize(sweep.len() + rig.latency() + rate_hz as usize / 10, 0.0);
    let output = rig.play_mono(&input, max_block.min(512));
    Ok((rig.latency(), delay_of(&sweep, &output)))
}

fn assert_exact(rate_hz: f64, hop: Hop, max_block: usize) -> Result<()> {
    let (reported, measured) = measure(rate_hz, hop, max_block)?;
    let off = measured - reported as f64;
    // The DC blocker's phase, as a time: 0.1 samples at 384 kHz.
    let tolerance = (0.3e-6 * rate_hz).max(0.05);
    assert!(
        off.abs() < tolerance,
        "{rate_hz} Hz, {hop:?}, blocks of {max_block}: reported {reported}, measured {measured:.3}"
    );
    Ok(())
}

#[test]
fn latency_is_exact_at_every_rate_with_every_hop() -> Result<()> {
    for rate_hz in [44_100.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
        for hop in Hop::ALL {
            assert_exact(rate_hz, hop, 512)?;
        }
    }
    Ok(())
}

/// Digital silence neither shifts nor suppresses the audio after it.
#[test]
fn bursts_between_silences_arrive_after_the_latency() -> Result<()> {
    let mut rig = Rig::with_voice(setup(48_000.0, Hop::Ms20, 480), pass_through_voice())?;
    let burst = chirp(48_000, 0.2, 300.0, 5_000.0);
    let starts = [1_234, 60_001, 200_480];
    let mut input = vec![0.0; 250_000];
    for start in starts {
        input[start..start + burst.len()].copy_from_slice(&burst);
    }
    let output = rig.play_mono(&input, 480);
    for start in starts {
        let from = start + rig.latency();
        let around = &output[from - 480..from + burst.len() + 480];
        let off = delay_of(&burst, around) - 480.0;
        assert!(off.abs() < 0.05, "the burst at {start} is off by {off} samples");
        assert!(output[from - 480..from - 96].iter().all(|x| x.abs() < 1e-4));
    }
    Ok(())
}

#[test]
fn latency_is_exact_with_odd_and_large_blocks() -> Result<()> {
    for max_block in [1, 64, 441, 1_024, 8_192] {
        assert_exact(48_000.0, Hop::Ms20, max_block)?;
        assert_exact(44_100.0, Hop::Ms20, max_block)?;
        assert_exact(22_050.0, Hop::Ms20, max_block)?;
    }
    Ok(())
}

#[test]
fn latency_is_exact_at_uncommon_supported_rates() -> Result<()> {
    for rate_hz in [
        8_000.0, 12_000.0, 16_000.0, 24_000.0, 32_000.0, 64_000.0, 384_000.0,
    ] {
        assert_exact(rate_hz, Hop::Ms20, 512)?;
    }
    Ok(())
}

/// At these 10 ms are not whole samples, or the rate is not a whole number.
#[test]
fn latency_is_exact_at_rates_without_whole_10_ms() -> Result<()> {
    for rate_hz in [
        8_000.5, 11_025.0, 22_050.0, 37_800.7, 44_055.9, 44_100.5, 47_952.0, 352_800.3,
    ] {
        for hop in [Hop::Ms20, Hop::Ms80] {
            assert_exact(rate_hz, hop, 512)?;
        }
    }
    Ok(())
}

/// With `controls` the output equals the input, delayed by the reported latency, bit for bit.
fn assert_delayed_input(controls: BlockControls, what: &str) -> Result<()> {
    for rate_hz in [44_100_u32, 48_000, 96_000, 22_050] {
        let setup = StreamSetup {
            channels: 2,
            ..setup(rate_hz, Hop::Ms20, 512)
        };
        // Noise is unlike the input, so any part of the voice in the output is found.
        let mut rig = Rig::with_voice(setup, noise_voice())?;
        let len = rate_hz as usize;
        let input = [noise(1, len), noise(2, len)];
        let output = rig.play(&input, &Sizes::all(512), &[(0, controls)], Pace::Free);
        let latency = rig.latency();
        for (channel, (input, output)) in input.iter().zip(&output).enumerate() {
            assert!(
                output[..latency].iter().all(|&x| x == 0.0),
                "{what}, {rate_hz} Hz: no silence before the latency"
            );
            let first = input
                .iter()
                .zip(&output[latency..])
                .position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(
                first, None,
                "{what}, {rate_hz} Hz, channel {channel}: differs here"
            );
        }
    }
    Ok(())
}

#[test]
fn dry_wet_0_equals_the_delayed_input() -> Result<()> {
    let controls = BlockControls {
        dry_wet: 0.0,
        ..BlockControls::default()
    };
    assert_delayed_input(controls, "mix 0 %")
}

#[test]
fn bypass_equals_the_delayed_input_at_any_gain() -> Result<()> {
    let controls = BlockControls {
        bypass: true,
        input_gain: 0.25,
        output_gain: 3.0,
        ..BlockControls::default()
    };
    assert_delayed_input(controls, "bypass")
}

#[test]
fn half_dry_and_half_wet_add_up_to_the_delayed_input() -> Result<()> {
    let mut rig = Rig::with_voice(setup(48_000.0, Hop::Ms20, 480), pass_through_voice())?;
    let sweep = chirp(48_000, 0.4, 300.0, 5_000.0);
    let mut input = vec![0.0; 9_600];
    input.extend(&sweep);
    input.resize(input.len() + rig.latency() + 4_800, 0.0);
    let half = BlockControls {
        dry_wet: 0.5,
        ..BlockControls::default()
    };
    let output = rig.play(
        std::slice::from_ref(&input),
        &Sizes::all(480),
        &[(0, half)],
        Pace::Free,
    );
    // Dry and wet add up only if they are in phase: a shift of one sample would make a
    // comb filter.
    let latency = rig.latency();
    let worst = (9_600..9_600 + sweep.len())
        .map(|n| (output[0][n + latency] - input[n]).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.01, "dry and wet do not add up: {worst}");
    Ok(())
}

#[test]
fn delayed_dry_without_a_voice_equals_the_delayed_input() -> Result<()> {
    let mut rig = Rig::empty(setup(48_000.0, Hop::Ms20, 480))?;
    let controls = BlockControls {
        when_not_ready: WhenNotReady::DelayedDry,
        ..BlockControls::default()
    };
    let mut input = vec![0.0; 9_600];
    input.extend(noise(4, 48_000));
    let output = rig.play(
        std::slice::from_ref(&input),
        &Sizes::all(480),
        &[(0, controls)],
        Pace::Free,
    );
    let latency = rig.latency();
    let first = (9_600..48_000).find(|&n| output[0][n + latency].to_bits() != input[n].to_bits());
    assert_eq!(first, None, "the delayed dry signal differs here");
    Ok(())
}

#[test]
fn voice_sounds_after_a_change_of_hop_and_rate() -> Result<()> {
    let mut rig = Rig::with_voice(setup(48_000.0, Hop::Ms20, 480), pass_through_voice())?;
    rig.play_mono(&noise(1, 24_000), 480);
    for (rate_hz, hop) in [
        (96_000_u32, Hop::Ms20),
        (11_025, Hop::Ms20),
        (44_100, Hop::Ms80),
        (48_000, Hop::Ms40),
    ] {
        rig.activate_again(setup(rate_hz, hop, 480))?;
        let sweep = chirp(rate_hz, 0.3, 200.0, (0.35 * f64::from(rate_hz)).min(6_000.0));
        let mut input = sweep.clone();
        input.resize(sweep.len() + rig.latency() + 9_600, 0.0);
        let output = rig.play_mono(&input, 480);
        let off = delay_of(&sweep, &output) - rig.latency() as f64;
        assert!(off.abs() < 0.05, "{rate_hz} Hz, {hop:?}: off by {off}");
    }
    Ok(())
}

/// Hosts compensate the latency, so that a setting has to act one latency after the host has sent it.
#[test]
fn gain_takes_effect_one_latency_after_its_sample() -> Result<()> {
    let mut rig = Rig::with_voice(setup(48_000.0, Hop::Ms20, 480), noise_voice())?;
    let input = noise(6, 96_000);
    let dry = BlockControls {
        dry_wet: 0.0,
        ..BlockControls::default()
    };
    let quiet = BlockControls {
        output_gain: 0.5,
        ..dry
    };
    let drawn = 40_123;
    let automation = [(0, dry), (drawn, quiet)];
    let output = rig.play(
        std::slice::from_ref(&input),
        &Sizes::all(480),
        &automation,
        Pace::Free,
    );
    let aligned = &output[0][rig.latency()..];
    assert_eq!(aligned[..drawn], input[..drawn], "the gain changes too early");
    assert!(
        aligned[drawn + 240].abs() < input[drawn + 240].abs(),
        "the gain changes too late"
    );
    // A glide takes 10 ms.
    let after = drawn + 480;
    for (n, (output, input)) in aligned.iter().zip(&input).enumerate().skip(after) {
        assert_eq!(output.to_bits(), (input * 0.5).to_bits(), "sample {n}");
    }
    Ok(())
}
