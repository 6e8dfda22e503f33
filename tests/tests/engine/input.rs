//! What of a stereo input is converted.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::{BlockControls, InputChoice};
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{rms, tone};

const SECOND: usize = 48_000;

/// The left output for a tone on the left and `right` times that on the right; 0.3 s are left out at the start.
fn play(choice: InputChoice, right: f32, sizes: &Sizes) -> Result<Vec<f32>> {
    let setup = StreamSetup {
        channels: 2,
        max_block: 4_096,
        ..offline_48k()
    };
    let mut rig = Rig::with_voice(setup, pass_through_voice())?;
    let left = tone(48_000, 440.0, 0.3, 2 * SECOND);
    let input = [left.clone(), left.iter().map(|x| x * right).collect()];
    let controls = BlockControls {
        input: choice,
        ..BlockControls::default()
    };
    let mut output = rig.play(&input, sizes, &[(0, controls)], Pace::Free);
    Ok(output.swap_remove(0))
}

/// Gain in dB from the left channel to the voice.
fn gain_db(choice: InputChoice, right: f32) -> Result<f64> {
    let output = play(choice, right, &Sizes::all(480))?;
    Ok(20.0 * (rms(&output[SECOND..]) / (0.3 / 2.0_f64.sqrt())).log10())
}

#[test]
fn swapped_wire_is_as_loud_as_equal_channels_with_auto_alone() -> Result<()> {
    let equal = gain_db(InputChoice::Auto, 1.0)?;
    assert!(equal.abs() < 1.0, "equal channels: {equal} dB");
    let swapped = gain_db(InputChoice::Auto, -1.0)?;
    assert!((swapped - equal).abs() < 3.0, "swapped: {swapped} dB");
    assert!(gain_db(InputChoice::Sum, -1.0)? < -60.0, "the sum cancels");
    Ok(())
}

#[test]
fn left_right_and_side_are_heard_where_they_are_chosen() -> Result<()> {
    for (choice, right, expected) in [
        (InputChoice::Left, 0.0, 0.0),
        (InputChoice::Left, -1.0, 0.0),
        (InputChoice::Right, 0.5, -6.0),
        (InputChoice::Side, -1.0, 0.0),
        (InputChoice::Auto, 0.0, -6.0),
    ] {
        let gain = gain_db(choice, right)?;
        assert!((gain - expected).abs() < 1.0, "{choice:?}, {right}: {gain} dB");
    }
    Ok(())
}

#[test]
fn auto_does_not_depend_on_blocks() -> Result<()> {
    let reference = play(InputChoice::Auto, -1.0, &Sizes::all(480))?;
    for sizes in [Sizes::all(1), Sizes::all(4_096), Sizes::random(3, 4_096, 200)] {
        let other = play(InputChoice::Auto, -1.0, &sizes)?;
        let first = reference
            .iter()
            .zip(&other)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(first, None);
    }
    Ok(())
}
