//! The built CLAP plugin in a session: loading, playing, saving, restoring, unloading.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::host::{Automation, Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::{Random, energy, noise};

const RATE_HZ: f64 = 48_000.0;
const BLOCK: u32 = 480;

fn speech(seconds: f64) -> Result<Vec<Vec<f32>>> {
    let samples = Sound::read(&env::sample_speech()?)?
        .part(0.0, seconds)
        .at_rate(48_000)?
        .samples;
    Ok(vec![samples.clone(), samples])
}

/// An active offline instance.
fn offline(host: &Host) -> Result<Instance> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, BLOCK)?;
    Ok(instance)
}

fn play(instance: &mut Instance, input: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
    instance.play(input, &Sizes::all(BLOCK as usize), &[], Pace::Free, RATE_HZ)
}

fn assert_same(a: &[Vec<f32>], b: &[Vec<f32>], what: &str) {
    for (a, b) in a.iter().zip(b) {
        let first = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(first, None, "{what}: the outputs differ from this sample on");
    }
}

fn assert_voice(output: &[Vec<f32>]) {
    assert!(
        output.iter().flatten().all(|x| x.is_finite()),
        "samples are unwritten or not finite"
    );
    assert!(energy(&output[0]) > 1.0, "the voice is silent");
    assert_eq!(output[0], output[1], "the channels differ");
}

#[test]
fn default_voice_sounds_and_latency_is_80_ms() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    let names: Vec<&str> = instance
        .params()
        .iter()
        .map(|param| param.name.as_str())
        .collect();
    for name in [
        "Blend ratio",
        "Pitch shift",
        "Dry/wet",
        "When not ready",
        "Hop",
        "Bypass",
    ] {
        assert!(names.contains(&name), "no parameter \"{name}\" among {names:?}");
    }
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, BLOCK)?;
    // 20 ms hop, 20 ms to compute it, one block, 30 ms of algorithmic latency.
    assert_eq!(instance.latency()?, 960 + 960 + 480 + 1_440);
    assert_voice(&play(&mut instance, &speech(2.0)?)?);
    Ok(())
}

#[test]
fn dry_and_bypass_equal_the_input_delayed_by_the_latency() -> Result<()> {
    let host = Host::load_bundle()?;
    for (name, part) in [("Dry/wet", 0.0), ("Bypass", 1.0)] {
        let mut instance = offline(&host)?;
        instance.set(name, part)?;
        let input = vec![noise(1, 48_000), noise(2, 48_000)];
        let output = play(&mut instance, &input)?;
        let latency = instance.latency()?;
        for (input, output) in input.iter().zip(&output) {
            assert_eq!(energy(&output[..latency]), 0.0, "{name}");
            assert_eq!(output[latency..], input[..input.len() - latency], "{name}");
        }
    }
    Ok(())
}

#[test]
fn ratio_automation_takes_effect_within_50_ms_of_its_position() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(3.0)?;
    let render = |automation: &[Automation]| -> Result<Vec<Vec<f32>>> {
        let mut instance = offline(&host)?;
        instance.play(&input, &Sizes::all(480), automation, Pace::Free, RATE_HZ)
    };
    let ratio = |position, part| Automation {
        position,
        name: "Blend ratio",
        part,
    };
    let still = render(&[ratio(0, 0.0)])?;
    let moved = render(&[ratio(0, 0.0), ratio(72_123, 1.0)])?;
    assert_voice(&moved);
    let first = still[0].iter().zip(&moved[0]).position(|(a, b)| a != b);
    let latency = 3_840;
    // The change takes effect from the frame in which it was set, so up to a frame and
    // a crossfade around the reported latency.
    let expected = 72_123 + latency;
    let at = first.unwrap_or(0);
    assert!(
        at.abs_diff(expected) < 48_000 / 20,
        "set at 72123, takes effect at {at}, expected near {expected}"
    );
    Ok(())
}

#[test]
fn saved_state_restores_parameters_and_sound() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(2.0)?;
    let mut saved = offline(&host)?;
    let settings = [
        ("Blend ratio", 0.3),
        ("Pitch shift", 0.6),
        ("Output gain", 0.5),
        ("Neighbours", 0.05),
        ("Dry/wet", 0.8),
    ];
    for (name, part) in settings {
        saved.set(name, part)?;
    }
    play(&mut saved, &input)?;
    let state = saved.save()?;
    let text = String::from_utf8_lossy(&state);
    assert!(
        text.contains("voice") && text.contains("default"),
        "the selected voice is not saved: {text}"
    );
    saved.reset()?;
    let before = play(&mut saved, &input)?;

    let mut restored = host.instance()?;
    restored.restore(&state)?;
    restored.set_offline(true)?;
    restored.activate(RATE_HZ, BLOCK)?;
    for (name, _) in settings {
        assert_eq!(restored.value(name)?, saved.value(name)?, "{name}");
    }
    assert_same(&before, &play(&mut restored, &input)?, "the restored instance");

    // Also while active, as undo does; the loaded voice stays.
    restored.reset()?;
    restored.restore(&state)?;
    assert_same(&before, &play(&mut restored, &input)?, "restored while active");
    Ok(())
}

#[test]
fn damaged_states_leave_the_sound_unchanged() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(1.5)?;
    let mut instance = offline(&host)?;
    let reference = play(&mut instance, &input)?;
    let good = instance.save()?;
    let mut random = Random::new(5);
    let mut garbage: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0; 64],
        b"{".to_vec(),
        b"null".to_vec(),
        good[..good.len() / 2].to_vec(),
    ];
    for _ in 0..20 {
        let mut bytes = good.clone();
        for _ in 0..8 {
            let at = random.index(bytes.len());
            bytes[at] = random.bits() as u8;
        }
        garbage.push(bytes);
        garbage.push((0..random.index(400)).map(|_| random.bits() as u8).collect());
    }
    for bytes in garbage {
        // Either result is correct: an error, or the readable part is restored.
        let _ = instance.restore(&bytes);
    }
    instance.restore(&good)?;
    instance.reset()?;
    assert_same(
        &reference,
        &play(&mut instance, &input)?,
        "after damaged states and the good one",
    );
    Ok(())
}

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "unload" => unload_and_load(),
        _ => Ok(()),
    }
}

#[test]
fn library_unloaded_and_loaded_three_times_gives_equal_output() -> Result<()> {
    // The library is only unloaded where no other test of the process uses it.
    Child::new(module_path!(), "unload")?.expect_success()
}

fn unload_and_load() -> Result<()> {
    let input = speech(1.5)?;
    let mut first: Option<Vec<Vec<f32>>> = None;
    for round in 0..3 {
        let host = Host::load_bundle()?;
        let mut instance = offline(&host)?;
        let output = play(&mut instance, &input)?;
        assert_voice(&output);
        let reference = first.get_or_insert_with(|| output.clone());
        assert_same(reference, &output, &format!("round {round}"));
    }
    Ok(())
}

#[test]
fn three_instances_at_once_give_the_output_of_each_alone() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(1.5)?;
    let shifts = [0.4, 0.5, 0.6];
    let mut alone = Vec::new();
    for shift in shifts {
        let mut instance = offline(&host)?;
        instance.set("Pitch shift", shift)?;
        alone.push(play(&mut instance, &input)?);
    }
    let mut instances = Vec::new();
    for shift in shifts {
        let mut instance = offline(&host)?;
        instance.set("Pitch shift", shift)?;
        instances.push(instance);
    }
    let mut together = vec![vec![Vec::new(), Vec::new()]; 3];
    for start in (0..input[0].len()).step_by(4_800) {
        let end = (start + 4_800).min(input[0].len());
        let piece: Vec<Vec<f32>> = input.iter().map(|channel| channel[start..end].to_vec()).collect();
        for (instance, output) in instances.iter_mut().zip(&mut together) {
            for (channel, played) in output.iter_mut().zip(play(instance, &piece)?) {
                channel.extend(played);
            }
        }
    }
    for (n, (alone, together)) in alone.iter().zip(&together).enumerate() {
        assert_same(alone, together, &format!("instance {n}"));
    }
    Ok(())
}

#[test]
fn hop_change_requests_restart_and_reports_new_latency() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = offline(&host)?;
    let input = speech(1.5)?;
    assert_voice(&play(&mut instance, &input)?);
    let before = instance.latency()?;
    // 40 ms is the second of seven.
    instance.set("Hop", 1.0 / 6.0)?;
    play(&mut instance, &[vec![0.0; 480], vec![0.0; 480]])?;
    assert!(
        instance.restart_requested(),
        "no restart requested for a longer hop"
    );
    assert_eq!(
        instance.latency()?,
        before,
        "the latency changed before the restart"
    );
    let changes = instance.latency_changes();
    instance.restart()?;
    assert_eq!(instance.latency()?, before + 2 * 960);
    assert!(instance.latency_changes() > changes, "the host was not notified");
    assert_voice(&play(&mut instance, &input)?);
    Ok(())
}

#[test]
fn next_instance_works_after_others_are_destroyed_while_loading_or_playing() -> Result<()> {
    let host = Host::load_bundle()?;
    drop(host.instance()?);
    // While the voice is being loaded, live and offline.
    for is_offline in [false, true] {
        let mut instance = host.instance()?;
        instance.set_offline(is_offline)?;
        instance.activate(RATE_HZ, BLOCK)?;
        drop(instance);
    }
    // In the middle of a hop.
    let mut instance = offline(&host)?;
    play(&mut instance, &speech(0.5)?)?;
    instance.play(
        &[vec![0.1; 700], vec![0.1; 700]],
        &Sizes::all(100),
        &[],
        Pace::Free,
        RATE_HZ,
    )?;
    drop(instance);
    let mut last = offline(&host)?;
    assert_voice(&play(&mut last, &speech(1.5)?)?);
    Ok(())
}

#[test]
fn render_mode_set_while_active_holds_without_a_restart() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(1.5)?;
    let expected = play(&mut offline(&host)?, &input)?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, BLOCK)?;
    instance.set_offline(true)?;
    // A live stream would not wait for the voice to load.
    assert!(
        play(&mut instance, &input)? == expected,
        "it is not an offline render"
    );
    Ok(())
}

#[test]
fn live_instance_is_silent_while_the_voice_loads() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, BLOCK)?;
    // Shorter than any load takes, so all of it has to be silent.
    let input = vec![noise(1, 4_800), noise(2, 4_800)];
    let output = play(&mut instance, &input)?;
    assert_eq!(energy(&output[0]) + energy(&output[1]), 0.0);
    Ok(())
}
