//! Property tests (failing cases are shrunk): however a host cuts audio and automation into blocks of 0 to 8192 samples,
//! the output is equal. With a fake voice, the default voice, and the built plugin.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Result, anyhow};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::RefCell;
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::model::fake::noise_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_core::units::Semitones;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Automation, Host, Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, noise};

const MAX_BLOCK: usize = 8_192;
const LEN: usize = 48_000;

/// Block sizes and automation.
#[derive(Clone, Debug)]
struct Case {
    sizes: Vec<usize>,
    changes: Vec<Change>,
}

/// Settings from a sample on: ratio, pitch, mix and gain, each as a part (0..1) of its range, and bypass.
#[derive(Clone, Debug)]
struct Change {
    position: usize,
    parts: [f32; 4],
    bypass: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let size = prop_oneof![
        2 => Just(0_usize),
        4 => 1..=300_usize,
        3 => 1..=MAX_BLOCK,
        1 => Just(MAX_BLOCK),
        1 => Just(480_usize),
    ];
    let part = || 0.0_f32..=1.0;
    let change = (
        0..LEN,
        [part(), part(), part(), part()],
        prop::bool::weighted(0.1),
    )
        .prop_map(|(position, parts, bypass)| Change {
            position,
            parts,
            bypass,
        });
    let sizes = prop::collection::vec(size, 1..80);
    let changes = prop::collection::vec(change, 0..40);
    (sizes, changes).prop_map(|(mut sizes, mut changes)| {
        // The sizes repeat until the end, so at least one has to be above 0.
        sizes.push(MAX_BLOCK);
        changes.sort_by_key(|change| change.position);
        changes.dedup_by_key(|change| change.position);
        Case { sizes, changes }
    })
}

/// Compares `play` with the sizes of each case to `play` with blocks of 480.
fn assert_invariant(cases_run: u32, play: impl Fn(&Case, &Sizes) -> Result<Vec<f32>>) -> Result<()> {
    let config = Config {
        cases: cases_run,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    let failed = |error: anyhow::Error| TestCaseError::fail(format!("{error:#}"));
    TestRunner::new(config)
        .run(&cases(), |case| {
            let reference = play(&case, &Sizes::all(480)).map_err(failed)?;
            prop_assert!(energy(&reference) > 0.01, "the output is silent");
            let cut = play(&case, &Sizes(case.sizes.clone())).map_err(failed)?;
            let first = reference
                .iter()
                .zip(&cut)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            prop_assert_eq!(first, None, "the outputs differ from this sample on");
            Ok(())
        })
        .map_err(|error| anyhow!("{error}"))
}

fn setup() -> StreamSetup {
    StreamSetup {
        max_block: MAX_BLOCK,
        ..offline_48k()
    }
}

fn through_engine(rig: &RefCell<Rig>, input: &[f32], case: &Case, sizes: &Sizes) -> Vec<f32> {
    let automation: Vec<(usize, BlockControls)> = case
        .changes
        .iter()
        .map(|change| {
            let [ratio, pitch, mix, gain] = change.parts;
            let controls = BlockControls {
                voice: Controls {
                    blend_ratio: ratio,
                    pitch_shift: Semitones(pitch * 12.0 - 6.0),
                    loudness_follow: mix,
                    ..Controls::default()
                },
                dry_wet: mix,
                input_gain: 0.5 + gain,
                output_gain: 1.5 - gain,
                bypass: change.bypass,
                ..BlockControls::default()
            };
            (change.position, controls)
        })
        .collect();
    let mut rig = rig.borrow_mut();
    rig.audio().reset();
    let mut output = rig.play(&[input.to_vec()], sizes, &automation, Pace::Free);
    output.swap_remove(0)
}

#[test]
fn random_blocks_of_0_to_8192_give_equal_output_with_a_noise_voice() -> Result<()> {
    let rig = RefCell::new(Rig::with_voice(setup(), noise_voice())?);
    let input = noise(1, LEN);
    assert_invariant(48, |case, sizes| Ok(through_engine(&rig, &input, case, sizes)))
}

fn speech() -> Result<Vec<f32>> {
    Ok(Sound::read(&env::sample_speech()?)?
        .part(0.3, 1.3)
        .at_rate(48_000)?
        .samples)
}

#[test]
fn random_blocks_of_0_to_8192_give_equal_output_with_the_default_voice() -> Result<()> {
    env::use_data()?;
    let rig = Rig::with_selection(setup(), VoiceSelection::default(), None)?;
    let (rig, input) = (RefCell::new(rig), speech()?);
    assert_invariant(6, |case, sizes| Ok(through_engine(&rig, &input, case, sizes)))
}

#[test]
fn random_blocks_of_0_to_8192_give_equal_output_from_the_built_plugin() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, MAX_BLOCK as u32)?;
    let speech = speech()?;
    let input = [speech.clone(), speech];
    let instance = RefCell::new(instance);
    assert_invariant(6, |case, sizes| {
        let mut automation = Vec::new();
        for change in &case.changes {
            let names = ["Blend ratio", "Pitch shift", "Dry/wet", "Output gain"];
            for (name, part) in names.into_iter().zip(change.parts) {
                automation.push(Automation {
                    position: change.position,
                    name,
                    part: f64::from(part),
                });
            }
        }
        let mut instance = instance.borrow_mut();
        // Otherwise the values of the previous case would still be set.
        for (name, part) in [
            ("Blend ratio", 0.5),
            ("Pitch shift", 0.5),
            ("Dry/wet", 1.0),
            ("Output gain", 0.5),
        ] {
            instance.set(name, part)?;
        }
        instance.reset()?;
        let mut output = instance.play(&input, sizes, &automation, Pace::Free, 48_000.0)?;
        Ok(output.swap_remove(0))
    })
}
