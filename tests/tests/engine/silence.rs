//! Silence runs no models, and the first sound after it is as if they had run.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Result, ensure};
use voxmeld_core::engine::Engine;
use voxmeld_core::model::Voice;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::fake_voices::fault_injector;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::say;
use voxmeld_tests::signal::{delay_of, noise, rms};

const SECOND: usize = 48_000;

/// Two seconds of `sound`, five of silence, two of `sound`.
fn with_pause(sound: &[f32]) -> Vec<f32> {
    [&sound[..2 * SECOND], &[0.0; 5 * SECOND], &sound[..2 * SECOND]].concat()
}

fn engine(voice: Option<Voice>, runs_in_silence: bool) -> Engine {
    let mut engine = Engine::new();
    if runs_in_silence {
        engine.run_in_silence();
    }
    match voice {
        Some(voice) => engine.use_voice(voice),
        None => engine.handle().load(VoiceSelection::default()),
    }
    engine
}

fn play(engine: Engine, input: &[f32], sizes: &Sizes) -> Result<(Vec<f32>, usize)> {
    let mut rig = Rig::with_engine(offline_48k(), engine)?;
    let latency = rig.latency();
    let mut output = rig.play(&[input.to_vec()], sizes, &[], Pace::Free);
    Ok((output.swap_remove(0), latency))
}

#[test]
fn a_voice_without_memory_of_silence_sounds_the_same_bit_for_bit() -> Result<()> {
    let input = with_pause(&noise(8, 2 * SECOND));
    let (always, _) = play(engine(Some(pass_through_voice()), true), &input, &Sizes::all(480))?;
    ensure!(
        rms(&always[8 * SECOND..]) > 0.01,
        "the voice sounds after the silence"
    );
    for sizes in [Sizes::all(480), Sizes::random(3, 480, 50)] {
        let (saved, _) = play(engine(Some(pass_through_voice()), false), &input, &sizes)?;
        let differs = always
            .iter()
            .zip(&saved)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        ensure!(differs.is_none(), "differs from sample {differs:?} on");
    }
    Ok(())
}

#[test]
fn models_do_not_run_from_the_second_second_of_silence_on() -> Result<()> {
    let (voice, switch) = fault_injector();
    let mut rig = Rig::with_engine(offline_48k(), engine(Some(voice), false))?;
    rig.play_mono(&noise(8, SECOND), 480);
    let mut runs = || {
        let before = switch.hops();
        rig.play_mono(&vec![0.0; 4 * SECOND], 480);
        switch.hops() - before
    };
    let (first, second) = (runs(), runs());
    ensure!(
        (50..=90).contains(&first),
        "{first} hops of the first four seconds"
    );
    ensure!(second == 0, "{second} hops of the next four");
    Ok(())
}

#[test]
fn default_voice_after_five_seconds_of_silence_is_in_time_and_as_loud_as_without_the_saving() -> Result<()> {
    env::use_data()?;
    let speech = Sound::read(&env::sample_speech()?)?
        .at_rate(48_000)?
        .part(0.0, 2.0);
    let input = with_pause(&speech.samples);
    let (always, latency) = play(engine(None, true), &input, &Sizes::all(480))?;
    let (saved, _) = play(engine(None, false), &input, &Sizes::all(480))?;
    let (cut, _) = play(engine(None, false), &input, &Sizes::random(4, 480, 50))?;
    ensure!(cut == saved, "depends on how blocks are cut");
    let differs = always
        .iter()
        .zip(&saved)
        .position(|(a, b)| a.to_bits() != b.to_bits());
    let differs = differs.unwrap_or(always.len());
    ensure!(
        differs > 3 * SECOND,
        "differs before the silence lasts a second: {differs}"
    );
    let pause = &saved[4 * SECOND..7 * SECOND];
    ensure!(pause.iter().all(|&sample| sample == 0.0), "sound in the silence");
    let noise_floor = rms(&always[4 * SECOND..7 * SECOND]);
    let after = 7 * SECOND + latency;
    let (always, saved) = (&always[after..], &saved[after..]);
    let difference: Vec<f32> = always.iter().zip(saved).map(|(a, b)| a - b).collect();
    let lag = delay_of(always, saved);
    say(format!(
        "noise of silence {:.1} dBFS; after it {:.1} dB between the two, lag {lag:.2} samples, difference {:.1} dB",
        20.0 * noise_floor.log10(),
        20.0 * (rms(saved) / rms(always)).log10(),
        20.0 * (rms(&difference) / rms(always)).log10(),
    ));
    ensure!(lag.abs() < 1.0, "{lag} samples late");
    let louder_db = 20.0 * (rms(saved) / rms(always)).log10();
    ensure!(louder_db.abs() < 1.0, "{louder_db} dB louder");
    Ok(())
}
