//! Every interface of pitch trackers, as tiny files from `tests/python/make_pitch_trackers.py`, and the built-in one.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::onnx::open_pitch_tracker;
use voxmeld_core::pack::find_pack;
use voxmeld_core::selection::{FileRef, VoiceSelection};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, tone};

const TRACKERS: [&str; 4] = ["rmvpe_webui", "rmvpe_waveform", "rmvpe_mel", "fcpe_mel"];

fn file(name: &str) -> Result<PathBuf> {
    let path = env::workspace()
        .join("tests/data/trackers")
        .join(format!("{name}.onnx"));
    path.is_file()
        .then_some(path)
        .with_context(|| format!("{name} is missing"))
}

#[test]
fn a_tone_is_tracked_through_every_interface_within_half_a_band() -> Result<()> {
    env::use_data()?;
    let pack = find_pack("default")?;
    let files = TRACKERS.map(|name| (name, file(name)));
    let own = [("swift_f0", Ok(pack.dir.join(&pack.pitch.file)))];
    for (name, path) in files.into_iter().chain(own) {
        let mut tracker = open_pitch_tracker(&path?)?;
        for hz in [220.0, 440.0, 880.0] {
            let audio_16k = tone(16_000, hz, 0.5, 9_680);
            let mut f0_hz = Vec::new();
            tracker.track(&audio_16k, &mut f0_hz)?;
            ensure!(f0_hz.len() == 60, "{name}: {} values for 60 frames", f0_hz.len());
            for found in &f0_hz[10..50] {
                let cents = 1200.0 * (f64::from(*found) / hz).log2();
                ensure!(cents.abs() < 80.0, "{name}: {found} Hz for {hz} Hz");
            }
        }
    }
    Ok(())
}

#[test]
fn silence_is_unvoiced_through_every_interface() -> Result<()> {
    env::use_data()?;
    for name in TRACKERS {
        let mut f0_hz = vec![1.0];
        open_pitch_tracker(&file(name)?)?.track(&[0.0; 8_000], &mut f0_hz)?;
        ensure!(f0_hz == [0.0; 50], "{name}: {f0_hz:?}");
    }
    Ok(())
}

#[test]
fn a_voice_plays_with_a_tracker_of_the_users_at_short_and_long_hops() -> Result<()> {
    env::use_data()?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.1, 1.6)
        .at_rate(48_000)?
        .samples;
    for hop in [Hop::Ms20, Hop::Ms240] {
        let render = |tracker: Option<&str>| -> Result<Vec<f32>> {
            let setup = voxmeld_core::engine::StreamSetup { hop, ..offline_48k() };
            let pitch = tracker
                .map(|name| Ok::<_, anyhow::Error>(FileRef::at(file(name)?)))
                .transpose()?;
            let selection = VoiceSelection {
                pitch,
                ..VoiceSelection::default()
            };
            let mut rig = Rig::with_selection(setup, selection, None)?;
            let output = rig.play_mono(&speech, 480);
            ensure!(rig.handle().status().failed_hops == 0, "{tracker:?}: hops failed");
            Ok(output)
        };
        let built_in = render(None)?;
        for name in TRACKERS {
            let output = render(Some(name))?;
            ensure!(energy(&output) > 0.1 && output != built_in, "{name}, {hop:?}");
            ensure!(
                output == render(Some(name))?,
                "{name}, {hop:?}: two renders differ"
            );
        }
    }
    Ok(())
}

#[test]
fn a_model_of_another_kind_is_no_tracker_and_the_error_says_what_is() -> Result<()> {
    env::use_data()?;
    let pack = find_pack("default")?;
    let voice = pack.dir.join(&pack.synthesizer.file.file);
    let why = open_pitch_tracker(&voice)
        .err()
        .context("a voice was taken")?
        .to_string();
    ensure!(
        why.contains("is not a supported pitch tracker") && why.contains("RMVPE"),
        "{why}"
    );
    Ok(())
}
