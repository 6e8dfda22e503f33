//! Unusable files: each is rejected with its message, and the output of the running voice is unchanged.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use voxmeld_core::pack::find_pack;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::energy;

fn with_index(path: impl Into<PathBuf>) -> VoiceSelection {
    VoiceSelection {
        index: Some(IndexRef::File(FileRef::at(path))),
        ..VoiceSelection::default()
    }
}

fn with_encoder(path: impl Into<PathBuf>) -> VoiceSelection {
    VoiceSelection {
        encoder: Some(FileRef::at(path)),
        ..VoiceSelection::default()
    }
}

fn with_pitch_tracker(path: impl Into<PathBuf>) -> VoiceSelection {
    VoiceSelection {
        pitch: Some(FileRef::at(path)),
        ..VoiceSelection::default()
    }
}

fn with_synthesizer(path: impl Into<PathBuf>) -> VoiceSelection {
    VoiceSelection {
        synthesizer: Some(FileRef::at(path)),
        ..VoiceSelection::default()
    }
}

fn retrieval_data(name: &str) -> PathBuf {
    env::workspace()
        .join("tests")
        .join("data")
        .join("retrieval")
        .join(name)
}

/// A model of the default pack.
fn packed(file: impl Fn(&voxmeld_core::pack::PackManifest) -> String) -> Result<PathBuf> {
    env::use_data()?;
    let pack = find_pack("default")?;
    Ok(pack.dir.join(file(&pack)))
}

/// The first `percent` of a file, as an interrupted download leaves it.
fn truncated(dir: &Path, file: &Path, percent: usize) -> Result<PathBuf> {
    let bytes = fs::read(file).with_context(|| format!("{} is missing", file.display()))?;
    let path = dir.join(file.file_name().context("a name")?);
    fs::write(&path, &bytes[..bytes.len() * percent / 100])?;
    Ok(path)
}

/// A flat index in faiss's format, of the default encoder's dimension, without vectors.
fn empty_flat_index(dir: &Path) -> Result<PathBuf> {
    let mut bytes = b"IxF2".to_vec();
    let dim = i32::try_from(find_pack("default")?.encoder.dim)?;
    bytes.extend(dim.to_le_bytes());
    bytes.extend(0_i64.to_le_bytes());
    bytes.extend((1_i64 << 20).to_le_bytes());
    bytes.extend((1_i64 << 20).to_le_bytes());
    bytes.push(1);
    bytes.extend(1_i32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    let path = dir.join("empty.index");
    fs::write(&path, bytes)?;
    Ok(path)
}

/// Plays two seconds of speech in four pieces, and requests `bad` after the first one.
fn play_with(bad: Option<&VoiceSelection>) -> Result<(Vec<f32>, Option<String>, VoiceState)> {
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.0, 2.0)
        .at_rate(48_000)?
        .samples;
    let mut rig = Rig::with_selection(offline_48k(), VoiceSelection::default(), None)?;
    let mut output = Vec::new();
    for (n, piece) in speech.chunks(24_000).enumerate() {
        if let (1, Some(bad)) = (n, bad) {
            rig.handle().load(bad.clone());
        }
        output.extend(rig.play_mono(piece, 480));
    }
    let status = rig.handle().status();
    Ok((output, status.message, status.voice))
}

/// Requests each selection while the default voice runs: the message contains the words, and the output is unchanged.
fn assert_rejected(cases: &[(VoiceSelection, &[&str])]) -> Result<()> {
    env::use_data()?;
    let (reference, _, _) = play_with(None)?;
    assert!(energy(&reference) > 1.0, "the default voice is silent");
    for (selection, words) in cases {
        let (output, message, voice) = play_with(Some(selection))?;
        let message = message.with_context(|| format!("no message about {selection:?}"))?;
        for word in *words {
            assert!(message.contains(word), "expected \"{word}\" in: {message}");
        }
        assert!(
            matches!(voice, VoiceState::Ready { .. }),
            "the running voice was lost: {voice:?}"
        );
        let first = reference
            .iter()
            .zip(&output)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(first, None, "{message}: the output differs from this sample on");
    }
    Ok(())
}

#[test]
fn missing_files_are_rejected_and_the_voice_plays_on() -> Result<()> {
    let nowhere = "/nowhere/Stimmen mit Leerzeichen/声";
    assert_rejected(&[
        (
            with_index(format!("{nowhere}.index")),
            &["index file", "声.index", "does not exist", "choose it again"],
        ),
        (
            with_encoder(format!("{nowhere}.onnx")),
            &["the encoder file is missing", "声.onnx"],
        ),
        (
            with_synthesizer(format!("{nowhere}.onnx")),
            &["the synthesizer file is missing", "声.onnx"],
        ),
        (
            VoiceSelection {
                pack: PackRef::Embedded("klingon".into()),
                ..VoiceSelection::default()
            },
            &["the voice pack \"klingon\" is not installed"],
        ),
    ])
}

#[test]
fn truncated_or_wrong_models_are_rejected_and_the_voice_plays_on() -> Result<()> {
    let dir = env::scratch("truncated_models")?;
    let encoder = packed(|pack| pack.encoder.file.file.clone())?;
    let synthesizer = packed(|pack| pack.synthesizer.file.file.clone())?;
    let text = dir.join("readme.onnx");
    fs::write(&text, "This is not a model.\n")?;
    let nothing = dir.join("nothing.onnx");
    fs::write(&nothing, "")?;
    let whole = &["is not a complete ONNX model", "copy or download it again"];
    assert_rejected(&[
        (with_encoder(truncated(&dir, &encoder, 60)?), whole),
        (with_synthesizer(truncated(&dir, &synthesizer, 90)?), whole),
        (
            with_encoder(&text),
            &["is not an ONNX model but a text file", "choose an .onnx file"],
        ),
        (with_synthesizer(&nothing), &["nothing.onnx"]),
        (
            with_synthesizer(&encoder),
            &[
                "is not a supported synthesizer",
                "it is an encoder (it takes audio)",
            ],
        ),
        (
            with_encoder(&synthesizer),
            &["is not a supported encoder", "it is a voice, not an encoder"],
        ),
        (
            with_pitch_tracker(&synthesizer),
            &[
                "is not a supported pitch tracker",
                "expected are those of SwiftF0",
            ],
        ),
        (
            with_pitch_tracker(&text),
            &["is not an ONNX model but a text file"],
        ),
    ])
}

#[test]
fn unusable_indices_are_rejected_and_the_voice_plays_on() -> Result<()> {
    let dir = env::scratch("unusable_indices")?;
    let packed_index = packed(|pack| pack.indices[0].file.file.clone())?;
    let text = dir.join("readme.index");
    fs::write(
        &text,
        "This is not an index, but it is longer than a header would be.\n",
    )?;
    let encoder = packed(|pack| pack.encoder.file.file.clone())?;
    assert_rejected(&[
        (
            with_index(truncated(&dir, &packed_index, 70)?),
            &["cut short", "copy or download it again"],
        ),
        (with_index(empty_flat_index(&dir)?), &["holds no vectors"]),
        (
            with_index(retrieval_data("flat_l2.index")),
            &[
                "-dimensional vectors",
                "160-dimensional",
                "made with this encoder",
            ],
        ),
        (
            with_index(retrieval_data("kinds/unsupported_ivf_rq.index")),
            &["of a kind that cannot be used", "additive codes"],
        ),
        (with_index(&text), &["not a faiss index", "added_*.index"]),
        (
            with_index(&encoder),
            &[
                "not a faiss index but an ONNX model",
                "as the voice or the encoder",
            ],
        ),
    ])
}

/// RVC writes `trained_*.index` before it adds the vectors, and users select it by mistake.
/// The file is made from the default pack's index, because it needs the dimension of the
/// default encoder.
#[test]
fn trained_index_without_vectors_is_rejected_with_a_hint() -> Result<()> {
    env::use_data()?;
    let dir = env::scratch("trained_index")?;
    let packed_index = packed(|pack| pack.indices[0].file.file.clone())?;
    let path = dir.join("trained_IVF76_Flat_nprobe_1_allison_v2.index");
    fs::write(&path, without_vectors(&fs::read(&packed_index)?)?)?;
    assert_rejected(&[(
        with_index(path),
        &[
            "was trained but holds no vectors",
            "trained_*.index",
            "choose the `added_*.index`",
        ],
    )])
}

/// An IVF-Flat file with empty inverted lists: the header's count is 0, and the lists
/// (`ilar`, sparse form) have no sizes.
fn without_vectors(bytes: &[u8]) -> Result<Vec<u8>> {
    let lists = bytes
        .windows(4)
        .rposition(|word| word == b"ilar")
        .context("no inverted lists")?;
    let mut out = bytes[..lists].to_vec();
    // fourcc, dimension (4 bytes), then the number of vectors.
    out[8..16].fill(0);
    let list_count = &bytes[lists + 4..lists + 12];
    let code_size = &bytes[lists + 12..lists + 20];
    out.extend(b"ilar");
    out.extend(list_count);
    out.extend(code_size);
    out.extend(b"sprs");
    out.extend(0_u64.to_le_bytes());
    Ok(out)
}

#[test]
fn failed_first_load_gives_silence_and_a_message() -> Result<()> {
    env::use_data()?;
    let mut rig = Rig::empty(offline_48k())?;
    rig.handle().load(with_index("/nowhere/a.index"));
    let output = rig.play_mono(&voxmeld_tests::signal::noise(1, 96_000), 480);
    assert_eq!(energy(&output), 0.0);
    match rig.handle().status().voice {
        VoiceState::Failed { why } => assert!(why.contains("does not exist"), "{why}"),
        other => panic!("expected a failed voice, found {other:?}"),
    }
    // A valid selection afterwards works.
    rig.handle().load(VoiceSelection::default());
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.0, 2.0)
        .at_rate(48_000)?
        .samples;
    assert!(energy(&rig.play_mono(&speech, 480)) > 1.0);
    Ok(())
}
