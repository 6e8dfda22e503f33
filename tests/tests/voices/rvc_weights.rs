//! RVC voices and encoders from their weights (`.pth`, `.safetensors`, `.pt`), through the engine and the built plugin.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, rms};

fn data(folder: &str, name: &str) -> PathBuf {
    let data = env::workspace().join("tests").join("data");
    data.join(folder).join(name)
}

/// A voice of RVC v1 with the tiny HuBERT, whose layer 9 and projection make its 256 values.
fn selection(voice: &Path) -> VoiceSelection {
    VoiceSelection {
        pack: PackRef::Embedded("default".into()),
        encoder: Some(FileRef::at(data("encoders", "hubert_base.pt"))),
        synthesizer: Some(FileRef::at(voice)),
        index: Some(IndexRef::None),
        ..VoiceSelection::default()
    }
}

fn speech() -> Result<Vec<f32>> {
    Ok(Sound::read(&env::sample_speech()?)?
        .part(0.5, 2.5)
        .at_rate(48_000)?
        .samples)
}

fn same_bits(one: &[f32], other: &[f32]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[test]
fn every_v1_voice_sounds_and_two_renders_are_equal_bit_for_bit() -> Result<()> {
    env::use_data()?;
    let speech = speech()?;
    for name in [
        "v1_48k_f16_legacy.pth",
        "v1_40k_mixed_legacy_4.pth",
        "v1_32k_f16.pth",
        "v1_40k_nof0_f16.pth",
        "v1_48k_nof0_bf16_legacy_4.pth",
    ] {
        let mut renders = Vec::new();
        for _ in 0..2 {
            let mut rig = Rig::with_selection(offline_48k(), selection(&data("import", name)), None)?;
            renders.push(rig.play_mono(&speech, 480));
            let status = rig.handle().status();
            ensure!(
                status.failed_hops == 0 && !status.draws_own_noise,
                "{name}: {status:?}"
            );
            rig.audio().reset();
            renders.push(rig.play_mono(&speech, 480));
        }
        ensure!(renders[0].iter().all(|x| x.is_finite()), "{name}");
        ensure!(rms(&renders[0][24_000..]) > 1e-3, "{name}: the output is silent");
        for other in &renders[1..] {
            ensure!(same_bits(&renders[0], other), "{name}: two renders differ");
        }
    }
    Ok(())
}

/// The speaker is a control; a number beyond the last means the last.
#[test]
fn speakers_of_one_voice_sound_different() -> Result<()> {
    env::use_data()?;
    let speech = speech()?;
    let voice = selection(&data("import", "v1_40k_mixed_legacy_4.pth"));
    let mut rig = Rig::with_selection(offline_48k(), voice, None)?;
    ensure!(rig.handle().status().speakers == 4);
    let mut renders = Vec::new();
    for speaker in [0, 3, 9] {
        let mut controls = BlockControls::default();
        controls.voice.speaker = speaker;
        rig.audio().reset();
        let sound = [speech.clone()];
        let played = rig.play(&sound, &Sizes::all(480), &[(0, controls)], Pace::Free);
        renders.push(played);
    }
    ensure!(!same_bits(&renders[0][0], &renders[1][0]), "they sound the same");
    ensure!(
        same_bits(&renders[1][0], &renders[2][0]),
        "9 of 4 is not the last"
    );
    Ok(())
}

#[test]
fn a_voice_without_its_encoder_names_the_file_to_choose_and_plays_when_it_is_chosen() -> Result<()> {
    env::use_data()?;
    // Without encoders that are installed on this machine.
    super::sessions::use_own_folder()?;
    for (voice, words) in [
        (
            "v1_32k_f16.pth",
            ["256 values", "hubert_base.pt", "vec-256-layer-9.onnx"],
        ),
        (
            "v2_48k_f16.pth",
            ["768 values", "hubert_base.pt", "vec-768-layer-12.onnx"],
        ),
    ] {
        let rig = Rig::empty(offline_48k())?;
        rig.handle().load(VoiceSelection {
            encoder: None,
            ..selection(&data("import", voice))
        });
        let VoiceState::Failed { why } = rig.wait_for_load() else {
            anyhow::bail!("{voice} was loaded without its encoder");
        };
        for words in words {
            ensure!(why.contains(words), "no \"{words}\" in: {why}");
        }
    }
    let mut rig = Rig::with_selection(offline_48k(), selection(&data("import", "v1_32k_f16.pth")), None)?;
    ensure!(energy(&rig.play_mono(&speech()?, 480)) > 1.0, "silent");
    Ok(())
}

#[test]
fn unusable_weights_are_named_and_the_running_voice_plays_on() -> Result<()> {
    env::use_data()?;
    let folder = env::scratch("unusable_weights")?;
    let whole = std::fs::read(data("import", "v1_32k_f16.pth"))?;
    let cut = folder.join("cut.pth");
    std::fs::write(&cut, &whole[..whole.len() / 2])?;
    let page = folder.join("page.pth");
    std::fs::write(&page, "<!DOCTYPE html><html>404</html>")?;
    let running = selection(&data("import", "v1_32k_f16.pth"));
    let voices = [
        (
            data("import", "training_G.pth"),
            "a training checkpoint of an RVC voice",
        ),
        (data("import", "gpt_sovits.pth"), "a GPT-SoVITS model"),
        (data("import", "code.pth"), "nothing was run"),
        (data("encoders", "hubert_base.pt"), "choose it as the encoder"),
        (cut, "copy or download it again"),
        (page, "a web page"),
        (folder.join("nowhere.pth"), "the synthesizer file is missing"),
    ];
    let encoders = [
        (data("import", "v1_32k_f16.pth"), "choose it as the voice"),
        (data("import", "rmvpe.pt"), "the pitch tracker RMVPE"),
    ];
    let refused = voices
        .into_iter()
        .map(|(path, words)| (selection(&path), words))
        .chain(encoders.into_iter().map(|(path, words)| {
            let bad = VoiceSelection {
                encoder: Some(FileRef::at(path)),
                ..running.clone()
            };
            (bad, words)
        }));
    let mut rig = Rig::with_selection(offline_48k(), running.clone(), None)?;
    let speech = speech()?;
    for (bad, words) in refused {
        rig.handle().load(bad.clone());
        let played = rig.play_mono(&speech[..24_000], 480);
        ensure!(energy(&played) > 1.0, "the voice stopped for {bad:?}");
        let status = rig.handle().status();
        let message = status
            .message
            .with_context(|| format!("no message for {bad:?}"))?;
        ensure!(message.contains(words), "no \"{words}\" in: {message}");
        ensure!(
            matches!(status.voice, VoiceState::Ready { .. }),
            "{:?}",
            status.voice
        );
        ensure!(rig.handle().selection().same_files(&running));
    }
    Ok(())
}

/// A CLAP state of nice-plug is JSON after its length in eight bytes; the voice in it is a text.
fn choose(instance: &mut Instance, selection: &VoiceSelection) -> Result<()> {
    let saved = instance.save()?;
    let mut state: serde_json::Value =
        serde_json::from_slice(saved.get(8..).context("the state is too short")?)?;
    let voice = serde_json::json!({ "format": 1, "selection": selection });
    state["fields"]["voice"] = voice.to_string().into();
    let json = serde_json::to_vec(&state)?;
    instance.restore(&[&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

/// A bounce by the built plugin, both channels the same.
fn bounce(host: &Host, selection: &VoiceSelection, speech: &[f32]) -> Result<Vec<f32>> {
    let mut instance = host.instance()?;
    choose(&mut instance, selection)?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, 480)?;
    let input = vec![speech.to_vec(); 2];
    let mut output = instance.play(&input, &Sizes::all(480), &[], Pace::Free, 48_000.0)?;
    ensure!(same_bits(&output[0], &output[1]), "the channels differ");
    Ok(output.swap_remove(0))
}

#[test]
fn the_built_plugin_bounces_a_pth_voice_as_the_engine_does() -> Result<()> {
    env::use_data()?;
    let host = Host::load_bundle()?;
    let speech = speech()?;
    for name in ["v1_40k_mixed_legacy_4.pth", "v1_32k_nof0_bf16.pth"] {
        let selection = selection(&data("import", name));
        let mut rig = Rig::with_selection(offline_48k(), selection.clone(), None)?;
        let of_engine = rig.play_mono(&speech, 480);
        ensure!(rms(&of_engine[24_000..]) > 1e-3, "{name}: silent");
        for _ in 0..2 {
            let bounced = bounce(&host, &selection, &speech)?;
            let first = bounced
                .iter()
                .zip(&of_engine)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            ensure!(first.is_none(), "{name}: different from sample {first:?} on");
        }
    }
    Ok(())
}
