//! Many swaps of voices and targets under automation: no gaps, no clicks, bounded memory, and no allocation or free on
//! the audio thread.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few minutes of audio"
)]

use anyhow::{Result, ensure};
use voxmeld_core::controls::Controls;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{IndexRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_tests::allocations::count_allocations;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::fake_voices::{VoiceCounter, constant_voice};
use voxmeld_tests::machine::resident_mib;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, noise, tone, worst_step};

const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 480;

/// Controls that change with every block.
fn automated(block: usize) -> BlockControls {
    let seconds = block as f32 * 0.01;
    BlockControls {
        voice: Controls {
            blend_ratio: 0.5 + 0.5 * (seconds * 0.7).sin(),
            ..Controls::default()
        },
        ..BlockControls::default()
    }
}

/// Processes the next block under automation; returns the allocations and frees of the audio thread.
fn play(rig: &mut Rig, number: usize, block: &mut [f32]) -> u32 {
    let controls = automated(number);
    let audio = rig.audio();
    count_allocations(|| audio.process(&mut [block], &controls))
}

#[test]
fn thousand_swaps_under_automation_have_no_gap_click_or_allocation() -> Result<()> {
    let counter = VoiceCounter::default();
    let mut rig = Rig::with_voice(offline_48k(), counter.voice())?;
    let input = tone(48_000, 300.0, 0.5, 1_000 * 2 * BLOCK);
    let mut output = input.clone();
    let (mut max_alive, mut allocations) = (0, 0);
    for (number, block) in output.chunks_mut(BLOCK).enumerate() {
        if number % 2 == 0 {
            rig.engine().use_voice(counter.voice());
        }
        allocations += play(&mut rig, number, block);
        max_alive = max_alive.max(counter.alive());
    }
    assert_eq!(allocations, 0, "the audio thread allocates or frees");
    assert_eq!(rig.handle().status().missing_samples, 0);
    // The one that plays, the one that fades in, those in the queue, because the worker is a few
    // hops behind the host, and two on their way to be freed on the loader.
    assert!(max_alive <= 8, "{max_alive} voices were alive at once");
    let steady = &output[rig.latency() + 4_800..];
    let (step, bound) = (worst_step(steady), 1.5 * worst_step(&input));
    assert!(
        step <= bound,
        "a click: a step of {step}, expected at most {bound}"
    );
    let weakest = steady.chunks_exact(960).map(energy).fold(f64::MAX, f64::min);
    assert!(weakest > 0.5 * 960.0 * 0.125, "a gap: {weakest}");
    drop(rig);
    assert_eq!(counter.alive(), 0, "voices leak");
    Ok(())
}

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "targets" => swap_targets(),
        _ => Ok(()),
    }
}

#[test]
fn fifty_swaps_of_the_default_voices_target_keep_memory_below_2_5_voices() -> Result<()> {
    Child::new(module_path!(), "targets")?.expect_success()
}

/// The default voice with its targets in turn: every swap opens models and index, and closes the old ones.
fn swap_targets() -> Result<()> {
    const SWAPS: usize = 50;
    env::use_data()?;
    let targets = voxmeld_core::pack::find_pack("default")?.indices;
    let select = |number: usize| VoiceSelection {
        index: Some(IndexRef::Pack(targets[number % targets.len()].name.clone())),
        ..VoiceSelection::default()
    };
    let speech = Sound::read(&env::sample_speech()?)?.at_rate(48_000)?.samples;
    let before = resident_mib();
    let mut rig = Rig::with_selection(offline_48k(), select(0), None)?;
    let (mut number, mut max_mib, mut after_5) = (0, 0.0_f64, 0.0);
    let mut silent_hops = 0;
    for swap in 1..=SWAPS {
        rig.handle().load(select(swap));
        // An offline stream waits for the load and then crossfades: ten hops.
        for _ in 0..20 {
            let from = number * BLOCK % (speech.len() - BLOCK);
            let mut block = speech[from..from + BLOCK].to_vec();
            ensure!(
                play(&mut rig, number, &mut block) == 0,
                "the audio thread allocates or frees"
            );
            ensure!(block.iter().all(|x| x.is_finite()), "the output is not finite");
            silent_hops += usize::from(number > 20 && block.iter().all(|&x| x == 0.0));
            max_mib = max_mib.max(resident_mib());
            number += 1;
        }
        let state = rig.wait_for_load();
        ensure!(
            matches!(state, VoiceState::Ready { .. }),
            "swap {swap}: {state:?}"
        );
        if swap == 5 {
            after_5 = resident_mib();
        }
    }
    let status = rig.handle().status();
    assert_eq!((status.missing_samples, silent_hops), (0, 0), "a gap");
    let after = resident_mib();
    let voice = after_5 - before;
    voxmeld_tests::say(format!(
        "{before:.0} MiB before, {after_5:.0} after 5 swaps, {after:.0} after {SWAPS}, {max_mib:.0} at most"
    ));
    assert!(
        after - after_5 < 0.25 * voice,
        "memory grew from {after_5:.0} to {after:.0} MiB in {SWAPS} swaps"
    );
    assert!(
        max_mib - before < 2.5 * voice,
        "{max_mib:.0} MiB at most, {voice:.0} for a voice: more than two voices at once"
    );
    Ok(())
}

#[test]
fn swap_every_half_second_has_no_gap_and_no_click() -> Result<()> {
    let mut rig = Rig::with_voice(offline_48k(), pass_through_voice())?;
    let input = tone(RATE_HZ, 300.0, 0.5, 48_000 * 4);
    let mut output = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        if n % 50 == 49 {
            rig.engine().use_voice(pass_through_voice());
        }
        output.extend(rig.play_mono(block, BLOCK));
    }
    let last = rig.wait_for_load();
    assert!(matches!(last, VoiceState::Ready { .. }), "{last:?}");
    let steady = &output[rig.latency() + 4_800..];
    let bound = worst_step(&input) * 1.5;
    let step = worst_step(steady);
    assert!(
        step <= bound,
        "a click: a step of {step}, expected at most {bound}"
    );
    let weakest = steady.chunks_exact(960).map(energy).fold(f64::MAX, f64::min);
    assert!(weakest > 0.5 * 960.0 * 0.125, "a gap: {weakest}");
    Ok(())
}

/// Measured with two voices of constant levels.
#[test]
fn swap_crossfades_in_8_to_30_ms_without_a_gap() -> Result<()> {
    let mut rig = Rig::with_voice(offline_48k(), constant_voice(0.4))?;
    let mut output = Vec::new();
    for n in 0..60 {
        if n % 20 == 19 {
            rig.engine()
                .use_voice(constant_voice(if n % 40 == 19 { -0.4 } else { 0.4 }));
        }
        output.extend(rig.play_mono(&noise(n, 4_800), BLOCK));
    }
    assert_eq!(rig.handle().status().missing_samples, 0);
    let output = &output[rig.latency() + 4_800..];
    // From nine tenths of one level to nine tenths of the other.
    let mut fades = Vec::new();
    let mut fade_start = 0;
    for (n, pair) in output.windows(2).enumerate() {
        let (was, is) = (pair[0].abs() >= 0.36, pair[1].abs() >= 0.36);
        if was && !is {
            fade_start = n;
        } else if !was && is {
            fades.push((n - fade_start) as f64 / 48.0);
        }
    }
    assert_eq!(fades.len(), 3, "{fades:?}");
    assert!(fades.iter().all(|ms| (8.0..30.0).contains(ms)), "{fades:?} ms");
    assert!(worst_step(output) < 0.005, "{}", worst_step(output));
    Ok(())
}
