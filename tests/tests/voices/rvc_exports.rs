//! RVC exports with their encoder and index, from the shared data.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::env;
use voxmeld_tests::hops::HopLog;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{correlation, envelope, rms};

fn selection(encoder: &str, synthesizer: &str, index: Option<&str>) -> Result<VoiceSelection> {
    env::use_data()?;
    let file = |path: &str| env::shared(path).map(FileRef::at);
    Ok(VoiceSelection {
        pack: PackRef::Embedded("default".into()),
        encoder: Some(file(&format!("models/{encoder}"))?),
        synthesizer: Some(file(&format!("models/{synthesizer}"))?),
        index: Some(match index {
            Some(name) => IndexRef::File(file(&format!("index/{name}"))?),
            None => IndexRef::None,
        }),
        ..VoiceSelection::default()
    })
}

fn setup(hop: Hop) -> StreamSetup {
    StreamSetup { hop, ..offline_48k() }
}

fn speech(seconds: f64) -> Result<Vec<f32>> {
    Ok(Sound::read(&env::shared("speech/en_allison_16k.flac")?)?
        .part(1.0, 1.0 + seconds)
        .at_rate(48_000)?
        .samples)
}

/// A full-size voice, at a hop that a CPU can compute in time.
#[test]
fn full_size_rvc_voice_follows_the_inputs_level() -> Result<()> {
    let selection = selection(
        "vec-768-layer-12.whispertiny.onnx",
        "kokoro_v2_48k_whispertiny.onnx",
        Some("added_IVF76_Flat_nprobe_1_kokoro_af_heart_v2.index"),
    )?;
    let log = HopLog::default();
    let mut rig = Rig::with_selection(setup(Hop::Ms240), selection, Some(log.observer()))?;
    let mut input = speech(5.0)?;
    let len = input.len();
    input.resize(len + rig.latency(), 0.0);
    let output = rig.play_mono(&input, 480).split_off(rig.latency());
    assert!(output.iter().all(|x| x.is_finite()));
    let level_db = 20.0 * (rms(&output) / rms(&input[..len])).log10();
    assert!(
        (-20.0..12.0).contains(&level_db),
        "{level_db:.1} dB from the input"
    );
    // To listen to: the figures say little about quality.
    write_wav(
        &env::scratch("rvc_voice")?.join("out.wav"),
        48_000,
        &[output.clone(), input[..len].to_vec()],
    )?;
    let levels = correlation(&envelope(&input[..len], 960), &envelope(&output, 960));
    assert!(levels > 0.4, "correlation of levels {levels:.2}");
    for record in log.records() {
        assert!(
            record.neighbour_distance.is_some_and(f32::is_finite),
            "a hop has no neighbours"
        );
    }
    Ok(())
}

#[test]
fn rvc_v1_and_v2_exports_give_sound() -> Result<()> {
    let cases = [
        (
            "vec-256-layer-9.whispertiny.onnx",
            "rvc_v1_40k_tiny_random.onnx",
            "added_IVF25_Flat_nprobe_1_allison20s_v1.index",
        ),
        (
            "vec-768-layer-12.whispertiny.onnx",
            "rvc_v2_48k_tiny_random.onnx",
            "added_IVF76_Flat_nprobe_1_allison_v2.index",
        ),
    ];
    for (encoder, synthesizer, index) in cases {
        for hop in [Hop::Ms60, Hop::Ms240] {
            let mut rig =
                Rig::with_selection(setup(hop), selection(encoder, synthesizer, Some(index))?, None)?;
            let output = rig.play_mono(&speech(2.0)?, 480);
            assert!(output.iter().all(|x| x.is_finite()), "{synthesizer}, {hop:?}");
            assert!(
                rms(&output[24_000..]) > 1e-5,
                "{synthesizer}, {hop:?}: the output is silent"
            );
            assert_eq!(rig.handle().status().failed_hops, 0, "{synthesizer}, {hop:?}");
        }
    }
    Ok(())
}

/// The sine source of RVC's model draws noise and phases inside the model file.
#[test]
fn two_renders_of_an_rvc_voice_are_equal_bit_for_bit() -> Result<()> {
    let selection = selection(
        "vec-768-layer-12.whispertiny.onnx",
        "rvc_v2_48k_tiny_random.onnx",
        None,
    )?;
    let mut rig = Rig::with_selection(setup(Hop::Ms60), selection, None)?;
    let first = rig.play_mono(&speech(2.0)?, 480);
    rig.audio().reset();
    let second = rig.play_mono(&speech(2.0)?, 480);
    assert!(!rig.handle().status().draws_own_noise);
    assert!(rms(&first) > 1e-5);
    assert_eq!(first, second);
    Ok(())
}

/// Lists with fewer than 8 vectors leave slots empty. An empty slot must neither count as a
/// vector nor disable retrieval for the frame. This encoder pads its input and returns one
/// frame more than HuBERT.
#[test]
fn index_with_short_lists_retrieves_every_frame() -> Result<()> {
    let selection = selection(
        "vec-256-layer-9.hama.onnx",
        "rvc_v1_40k_tiny_random.onnx",
        Some("hama_short_lists_allison_v1.index"),
    )?;
    let log = HopLog::default();
    let mut rig = Rig::with_selection(setup(Hop::Ms240), selection, Some(log.observer()))?;
    let output = rig.play_mono(&speech(3.0)?, 480);
    assert!(output.iter().all(|x| x.is_finite()));
    for record in log.records() {
        assert!(record.blend_ratio > 0.0, "a frame was not blended");
    }
    Ok(())
}

#[test]
fn parts_of_different_dimensions_are_rejected_with_an_error() -> Result<()> {
    let pairs = [
        (
            selection(
                "vec-768-layer-12.whispertiny.onnx",
                "rvc_v1_40k_tiny_random.onnx",
                None,
            )?,
            "the synthesizer expects 256-dimensional embeddings, the encoder makes 768-dimensional ones",
        ),
        (
            selection(
                "vec-768-layer-12.whispertiny.onnx",
                "rvc_v2_48k_tiny_random.onnx",
                Some("added_IVF25_Flat_nprobe_1_allison20s_v1.index"),
            )?,
            "256-dimensional vectors, the encoder makes 768-dimensional ones",
        ),
    ];
    for (selection, words) in pairs {
        let rig = Rig::empty(offline_48k())?;
        rig.handle().load(selection);
        match rig.wait_for_load() {
            VoiceState::Failed { why } => assert!(why.contains(words), "{why}"),
            other => panic!("expected \"{words}\", found {other:?}"),
        }
    }
    Ok(())
}
