//! Voices and indices changed while playing and automating, again and again:
//! nothing is missing, nothing clicks, nothing is hoarded, and the audio thread
//! frees nothing.
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
use voxmeld_tests::audio::Sound;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::machine::resident_mib;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, noise, tone, worst_step};
use voxmeld_tests::voices::{Census, constant};
use voxmeld_tests::watch::watched;

const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 480;

/// Settings that move all the time.
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

/// The next block under automation; what the audio thread allocated or freed.
fn play(rig: &mut Rig, number: usize, block: &mut [f32]) -> u32 {
    let controls = automated(number);
    let audio = rig.audio();
    watched(|| audio.process(&mut [block], &controls))
}

#[test]
fn thousand_swaps_under_automation_have_no_gap_click_or_allocation() -> Result<()> {
    let census = Census::default();
    let mut rig = Rig::with_voice(offline_48k(), census.voice())?;
    let input = tone(48_000, 300.0, 0.5, 1_000 * 2 * BLOCK);
    let mut output = input.clone();
    let (mut most, mut allocations) = (0, 0);
    for (number, block) in output.chunks_mut(BLOCK).enumerate() {
        if number % 2 == 0 {
            rig.engine().use_voice(census.voice());
        }
        allocations += play(&mut rig, number, block);
        most = most.max(census.alive());
    }
    assert_eq!(allocations, 0, "the audio thread allocates and frees nothing");
    assert_eq!(rig.handle().status().missing_samples, 0);
    // The one that sounds, the one that comes in, and those that wait in the
    // queue because the worker is a few hops behind the host.
    assert!(most <= 6, "{most} voices were alive at once");
    let steady = &output[rig.latency() + 4_800..];
    let (step, bound) = (worst_step(steady), 1.5 * worst_step(&input));
    assert!(step <= bound, "a click: {step}, the tone has {bound}");
    let weakest = steady.chunks_exact(960).map(energy).fold(f64::MAX, f64::min);
    assert!(weakest > 0.5 * 960.0 * 0.125, "a hole: {weakest}");
    drop(rig);
    assert_eq!(census.alive(), 0, "nothing is left");
    Ok(())
}

#[test]
#[ignore = "played by other tests, in processes of their own"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "targets" => swap_targets(),
        _ => Ok(()),
    }
}

#[test]
fn fifty_swaps_of_the_default_voices_target_keep_memory_bounded() -> Result<()> {
    Child::new(module_path!(), "targets")?.passes()
}

/// The real voice with one target and then the other: its models and indices
/// are opened for every swap, and gone after it.
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
    let (mut number, mut most, mut settled) = (0, 0.0_f64, 0.0);
    let mut silent_hops = 0;
    for swap in 1..=SWAPS {
        rig.handle().load(select(swap));
        // An offline stream waits for the load, then fades over: ten hops.
        for _ in 0..20 {
            let from = number * BLOCK % (speech.len() - BLOCK);
            let mut block = speech[from..from + BLOCK].to_vec();
            ensure!(
                play(&mut rig, number, &mut block) == 0,
                "the audio thread allocates"
            );
            ensure!(block.iter().all(|x| x.is_finite()), "a value that is no number");
            silent_hops += usize::from(number > 20 && block.iter().all(|&x| x == 0.0));
            most = most.max(resident_mib());
            number += 1;
        }
        let state = rig.settle();
        ensure!(
            matches!(state, VoiceState::Ready { .. }),
            "swap {swap}: {state:?}"
        );
        if swap == 5 {
            settled = resident_mib();
        }
    }
    let status = rig.handle().status();
    assert_eq!((status.missing_samples, silent_hops), (0, 0), "a hole");
    let after = resident_mib();
    let voice = settled - before;
    voxmeld_tests::say(format!(
        "{before:.0} MiB before, {settled:.0} after 5 swaps, {after:.0} after {SWAPS}, {most:.0} at most"
    ));
    assert!(
        after - settled < 0.25 * voice,
        "grown from {settled:.0} to {after:.0} MiB by {SWAPS} swaps"
    );
    assert!(
        most - before < 2.5 * voice,
        "{most:.0} MiB at most, {voice:.0} for a voice: more than two at once"
    );
    Ok(())
}

#[test]
fn swap_while_playing_has_no_gap_and_no_click() -> Result<()> {
    let mut rig = Rig::with_voice(offline_48k(), pass_through_voice())?;
    let input = tone(RATE_HZ, 300.0, 0.5, 48_000 * 4);
    let mut output = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        if n % 50 == 49 {
            rig.engine().use_voice(pass_through_voice());
        }
        output.extend(rig.play_mono(block, BLOCK));
    }
    let last = rig.settle();
    assert!(matches!(last, VoiceState::Ready { .. }), "{last:?}");
    let steady = &output[rig.latency() + 4_800..];
    let bound = worst_step(&input) * 1.5;
    let step = worst_step(steady);
    assert!(step <= bound, "a step of {step}, the tone has {bound}");
    let weakest = steady.chunks_exact(960).map(energy).fold(f64::MAX, f64::min);
    assert!(weakest > 0.5 * 960.0 * 0.125, "a hole: {weakest}");
    Ok(())
}

/// The cross-fade from voice to voice takes 10 to 30 ms, and nothing is
/// missing while it does: heard on two voices that hold two levels.
#[test]
fn swap_cross_fades_in_8_to_30_ms() -> Result<()> {
    let mut rig = Rig::with_voice(offline_48k(), constant(0.4))?;
    let mut heard = Vec::new();
    for n in 0..60 {
        if n % 20 == 19 {
            rig.engine()
                .use_voice(constant(if n % 40 == 19 { -0.4 } else { 0.4 }));
        }
        heard.extend(rig.play_mono(&noise(n, 4_800), BLOCK));
    }
    assert_eq!(rig.handle().status().missing_samples, 0);
    let heard = &heard[rig.latency() + 4_800..];
    // From nine tenths of one level to nine tenths of the other.
    let mut fades = Vec::new();
    let mut since = 0;
    for (n, pair) in heard.windows(2).enumerate() {
        let (was, is) = (pair[0].abs() >= 0.36, pair[1].abs() >= 0.36);
        if was && !is {
            since = n;
        } else if !was && is {
            fades.push((n - since) as f64 / 48.0);
        }
    }
    assert_eq!(fades.len(), 3, "{fades:?}");
    assert!(fades.iter().all(|ms| (8.0..30.0).contains(ms)), "{fades:?} ms");
    assert!(worst_step(heard) < 0.005, "{}", worst_step(heard));
    Ok(())
}
