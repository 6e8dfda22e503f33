//! Every known kind of exported voice and encoder, as tiny files from `tests/python/make_onnx_families.py`.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result};
use std::path::PathBuf;
use voxmeld_core::controls::Controls;
use voxmeld_core::frames::Frames;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::onnx::{ContentEncoder, RvcSynthesizer};
use voxmeld_core::model::{Encoder, NOISE_CHANNELS, SynthesisInput, Synthesizer};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_tests::env;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{noise, rms, worst_step};

/// Each voice, its samples per second, values per embedding and speakers.
const VOICES: [(&str, u32, usize, usize); 13] = [
    ("webui_v1_40k", 40_000, 256, 109),
    ("webui_v2_48k", 48_000, 768, 4),
    ("webui_44k", 44_100, 768, 1),
    ("webui_width_hidden", 32_000, 768, 1),
    ("webui_baked_200", 40_000, 256, 1),
    ("webui_external", 8_000, 256, 1),
    ("vcclient_v2_40k", 40_000, 768, 2),
    ("vcclient_v1_32k_f16", 32_000, 256, 1),
    ("vcclient_nof0_48k", 48_000, 768, 1),
    ("vcclient_fixed_100", 40_000, 768, 1),
    ("vcclient_22050", 22_000, 768, 1),
    ("deiteris_v2_48k", 48_000, 768, 1),
    ("obs_rvc_v2_40k", 40_000, 768, 1),
];

fn file(name: &str) -> Result<PathBuf> {
    let path = env::workspace()
        .join("tests/data/families")
        .join(format!("{name}.onnx"));
    path.is_file()
        .then_some(path)
        .with_context(|| format!("{name} is missing"))
}

fn open(name: &str) -> Result<RvcSynthesizer> {
    env::use_data()?;
    Ok(RvcSynthesizer::open(&file(name)?)?)
}

fn selection(encoder: &str, synthesizer: &str) -> Result<VoiceSelection> {
    env::use_data()?;
    Ok(VoiceSelection {
        pack: PackRef::Embedded("default".into()),
        encoder: Some(FileRef::at(file(encoder)?)),
        synthesizer: Some(FileRef::at(file(synthesizer)?)),
        index: Some(IndexRef::None),
        ..VoiceSelection::default()
    })
}

#[test]
fn rate_width_and_speakers_of_every_voice_are_read_from_its_file() -> Result<()> {
    for (name, rate_hz, width, speakers) in VOICES {
        let voice = open(name)?;
        let found = (voice.sample_rate().0, voice.dim(), voice.speakers());
        assert_eq!(found, (rate_hz, width, speakers), "{name}");
        assert!(voice.is_reproducible(), "{name}");
        let fixed = name.contains("fixed") || name.contains("baked");
        assert_eq!(
            voice.notes().len(),
            usize::from(fixed),
            "{name}: {:?}",
            voice.notes()
        );
    }
    Ok(())
}

/// Noise of a constant level makes every voice a steady tone of 400 Hz, whatever its rate.
#[test]
fn every_voice_is_loaded_and_sounds_at_its_rate() -> Result<()> {
    let input: Vec<f32> = noise(3, 96_000).iter().map(|x| 0.3 * x).collect();
    for (name, _, width, _) in VOICES {
        let encoder = format!("vec-{width}-layer-{}", if width == 256 { 9 } else { 12 });
        for hop in [Hop::Ms20, Hop::Ms240] {
            let setup = voxmeld_core::engine::StreamSetup { hop, ..offline_48k() };
            let mut rig = Rig::with_selection(setup, selection(&encoder, name)?, None)?;
            let output = rig.play_mono(&input, 480);
            let status = rig.handle().status();
            assert_eq!(status.failed_hops, 0, "{name}, {hop:?}");
            assert!(!status.draws_own_noise, "{name}, {hop:?}");
            let steady = &output[48_000..];
            assert!(steady.iter().all(|x| x.is_finite()), "{name}, {hop:?}");
            assert!(rms(steady) > 0.005, "{name}, {hop:?}: {}", rms(steady));
            let rises = steady
                .windows(2)
                .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
                .count();
            assert!((399..=401).contains(&rises), "{name}, {hop:?}: {rises} Hz");
        }
    }
    Ok(())
}

/// The output of a voice for `frames` equal frames from frame `first` on, without the first `skip`.
fn run(voice: &mut RvcSynthesizer, first: i64, frames: usize, skip: usize) -> Result<Vec<f32>> {
    let embeddings = Frames::from_data(voice.dim(), vec![0.1; voice.dim() * frames]);
    let mut noise = Frames::new(NOISE_CHANNELS);
    noise.resize(frames);
    let mut audio = Vec::new();
    voice.synthesize(
        SynthesisInput {
            embeddings_100hz: &embeddings,
            f0_hz: &vec![200.0; frames],
            noise: &noise,
            skip_100hz: skip,
            ahead_100hz: 0,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz: first,
        },
        &mut audio,
    )?;
    Ok(audio)
}

#[test]
fn context_is_left_out_whether_the_file_crops_or_not_and_at_fixed_lengths() -> Result<()> {
    for (name, rate_hz, ..) in VOICES {
        let mut voice = open(name)?;
        let per_frame = rate_hz as usize / 100;
        let whole = run(&mut voice, 1000, 60, 0)?;
        let part = run(&mut voice, 1000, 60, 45)?;
        assert_eq!(
            (whole.len(), part.len()),
            (60 * per_frame, 15 * per_frame),
            "{name}"
        );
        assert_eq!(whole[45 * per_frame..], part, "{name}");
        // The same frames, later in a longer window.
        let longer = run(&mut voice, 985, 75, 60)?;
        assert_eq!(longer, part, "{name}");
    }
    // More context than the fixed length holds is dropped; more than it can return is an error.
    let mut fixed = open("vcclient_fixed_100")?;
    assert_eq!(run(&mut fixed, 0, 130, 115)?.len(), 15 * 400);
    assert!(run(&mut fixed, 0, 130, 10).is_err());
    Ok(())
}

/// Embeddings of a second of noise.
fn encode(name: &str, dim: usize, seconds: usize) -> Result<Frames> {
    env::use_data()?;
    let mut encoder = ContentEncoder::open(&file(name)?, Some(dim), false)?;
    let audio = noise(5, 16_000 * seconds + 80);
    let mut embeddings = Frames::new(1);
    encoder.encode(&audio, &mut embeddings)?;
    assert_eq!(
        (embeddings.dim(), embeddings.len()),
        (dim, 50 * seconds),
        "{name}"
    );
    Ok(embeddings)
}

#[test]
fn encoders_of_every_kind_give_the_same_embeddings() -> Result<()> {
    let wide = encode("vec-768-layer-12", 768, 3)?;
    let narrow = encode("vec-256-layer-9", 256, 3)?;
    for (name, tolerance) in [
        ("hubert_transformers", 0.0),
        ("fairseq_padding_mask", 0.0),
        ("fixed_20080", 0.0),
        ("content_vec_500", 0.0),
        ("content_vec_500_f16", 2e-2),
        ("contentvec_converter", 0.0),
    ] {
        // The column that distinguishes the outputs of these files: their factor is 0.25 plus the output's number.
        let number = if matches!(
            name,
            "content_vec_500" | "content_vec_500_f16" | "contentvec_converter"
        ) {
            1.0
        } else {
            0.0
        };
        let found = encode(name, 768, 3)?;
        for (row, expected) in found.rows().zip(wide.rows()) {
            let rms = expected[0];
            for (value, wanted) in row[..4]
                .iter()
                .zip([rms, 0.5 * rms, -0.5 * rms, (0.25 + number) * rms])
            {
                assert!(
                    (value - wanted).abs() <= tolerance + 1e-6,
                    "{name}: {value}, expected {wanted}"
                );
            }
        }
    }
    for name in ["content_vec_500", "contentvec_converter"] {
        assert_eq!(encode(name, 256, 3)?.data(), narrow.data(), "{name}: layer 9");
    }
    Ok(())
}

/// The four speakers of this voice have the gains 1, 0.75, 0.5 and 0.25.
#[test]
fn speakers_are_switched_without_a_click_and_numbers_beyond_the_last_mean_the_last() -> Result<()> {
    let selection = selection("vec-768-layer-12", "webui_v2_48k")?;
    let mut rig = Rig::with_selection(offline_48k(), selection, None)?;
    assert_eq!(rig.handle().status().speakers, 4);
    let input: Vec<f32> = noise(3, 144_000).iter().map(|x| 0.3 * x).collect();
    let speaker = |speaker| BlockControls {
        voice: Controls {
            speaker,
            ..Controls::default()
        },
        ..BlockControls::default()
    };
    let automation = [(0, speaker(0)), (48_000, speaker(2)), (96_000, speaker(99))];
    let output = rig
        .play(&[input], &Sizes::all(480), &automation, Pace::Free)
        .swap_remove(0);
    let level = |from: usize| rms(&output[from..from + 19_200]);
    let levels = [24_000, 72_000, 120_000].map(level);
    for (level, gain) in levels.iter().zip([1.0, 0.5, 0.25]) {
        let share = level / levels[0];
        assert!((share - gain).abs() < 0.05, "{levels:?}");
    }
    let tone_step = f64::from(worst_step(&output[24_000..43_200]));
    let step = f64::from(worst_step(&output[43_200..]));
    assert!(
        step < 1.1 * tone_step,
        "a step of {step} where the tone has {tone_step}"
    );
    Ok(())
}

#[test]
fn files_of_another_kind_are_rejected_with_what_they_are() -> Result<()> {
    for (encoder, synthesizer, words) in [
        (
            "vec-768-layer-12",
            "content_vec_500",
            "it is an encoder (it takes audio): choose it as encoder",
        ),
        ("webui_v2_48k", "webui_v2_48k", "it is a voice, not an encoder"),
        (
            "vec-256-layer-9",
            "webui_v2_48k",
            "the synthesizer expects 768-dimensional embeddings",
        ),
    ] {
        let refused = Rig::with_selection(offline_48k(), selection(encoder, synthesizer)?, None);
        let error = refused.err().context("it was loaded")?.to_string();
        assert!(error.contains(words), "{error}");
    }
    Ok(())
}
