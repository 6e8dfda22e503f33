//! Blending with the default pack: its two targets, its distances, its joins.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, ensure};
use voxmeld_core::blend::{Blender, FrameInput, FrameReport, Target};
use voxmeld_core::controls::{Controls, Listen};
use voxmeld_core::frames::Frames;
use voxmeld_core::loader::load_voice;
use voxmeld_core::model::Voice;
use voxmeld_core::retrieval::SearchParams;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{IndexRef, VoiceSelection};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

/// Embeddings of 16 kHz audio, window after window as the engine has them.
fn embed(voice: &mut Voice, audio: &[f32]) -> Result<Frames> {
    let window = voice.layout.window_frames_50hz;
    let mut all = Frames::new(voice.encoder.dim());
    let mut rows = Frames::new(voice.encoder.dim());
    for end in window..audio.len() / 320 {
        voice
            .encoder
            .encode(&audio[(end - window) * 320..end * 320 + 80], &mut rows)?;
        all.push(rows.row(window - 2));
    }
    ensure!(all.len() > 20, "too short");
    Ok(all)
}

fn speech_16k() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?;
    Ok(sound.part(0.0, 8.0).at_rate(16_000)?.samples)
}

fn pack_voice() -> Result<Voice> {
    env::use_data()?;
    Ok(load_voice(&VoiceSelection::default(), |_, _| {})?)
}

/// What is retrieved for every frame.
fn retrieve(targets: &[Target], live: &Frames, mut controls: Controls) -> (Frames, Vec<FrameReport>) {
    controls.blend.listen = Listen::Retrieved;
    let dim = live.dim();
    let mut blender = Blender::new(dim);
    let (mut rows, mut reports) = (Frames::new(dim), Vec::new());
    for row in live.rows() {
        let (mut first, mut second) = (vec![0.0; dim], vec![0.0; dim]);
        let input = FrameInput {
            live: row,
            f0_hz: [120.0; 2],
            level: [0.1; 2],
            controls: &controls,
        };
        reports.push(blender.frame(targets, &input, [&mut first, &mut second]));
        rows.push(&second);
    }
    (rows, reports)
}

fn apart(a: &[f32], b: &[f32]) -> f64 {
    let squared: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    squared.sqrt()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    sum / count.max(1) as f64
}

/// (frame-to-frame jitter, distance to the live embedding), both means.
fn measure(live: &Frames, retrieved: &Frames) -> (f64, f64) {
    let jitter = (1..retrieved.len()).map(|n| apart(retrieved.row(n - 1), retrieved.row(n)));
    let distance = (0..live.len()).map(|n| apart(live.row(n), retrieved.row(n)));
    (mean(jitter), mean(distance))
}

#[test]
fn continuity_calms_what_is_retrieved_at_no_greater_distance() -> Result<()> {
    let mut voice = pack_voice()?;
    let live = embed(&mut voice, &speech_16k()?)?;
    let with = |k, continuity| {
        let mut controls = Controls {
            search: SearchParams {
                k,
                ..SearchParams::default()
            },
            ..Controls::default()
        };
        controls.blend.continuity = continuity;
        measure(&live, &retrieve(&voice.targets[..1], &live, controls).0)
    };
    let mut lines = Vec::new();
    for k in [8, 16] {
        for continuity in [0.0, 0.25, 0.5, 1.0] {
            let (jitter, distance) = with(k, continuity);
            lines.push(format!(
                "k {k:2}, continuity {continuity:.2}: jitter {jitter:.4}, distance {distance:.4}"
            ));
        }
    }
    let table = lines.join("\n");
    let mut out = std::io::stderr().lock();
    std::io::Write::write_all(&mut out, format!("{} frames\n{table}\n", live.len()).as_bytes())?;
    let (plain, path) = (with(8, 0.0), with(8, 0.25));
    ensure!(path.0 < 0.98 * plain.0, "the jitter does not fall:\n{table}");
    ensure!(path.1 < 1.02 * plain.1, "at the price of distance:\n{table}");
    Ok(())
}

/// The target's own sounds are known best, speech of a stranger less, a sound
/// that no voice makes least; and trust lowers the ratio in that order.
#[test]
fn confidence_tells_the_targets_own_from_what_is_foreign() -> Result<()> {
    let mut voice = pack_voice()?;
    let sine: Vec<f32> = (0..64_000)
        .map(|n| 0.3 * (n as f32 * 2_000.0 * std::f32::consts::TAU / 16_000.0).sin())
        .collect();
    let speech = embed(&mut voice, &speech_16k()?)?;
    let foreign = embed(&mut voice, &sine)?;
    // Own vectors, moved a little: what the target would say again.
    let target = &voice.targets[0];
    let mut own = Frames::new(speech.dim());
    let shake = noise(5, speech.dim());
    let mut row = vec![0.0; speech.dim()];
    for id in (0..target.index.len()).step_by(11) {
        ensure!(
            target.index.vector(i64::try_from(id)?, &mut row),
            "no vector {id}"
        );
        let moved: Vec<f32> = row.iter().zip(&shake).map(|(x, y)| x + 0.02 * y).collect();
        own.push(&moved);
    }
    let mut text = String::new();
    let mut means = Vec::new();
    for (what, live) in [("own", &own), ("speech", &speech), ("2 kHz", &foreign)] {
        let (_, reports) = retrieve(&voice.targets[..1], live, Controls::default());
        let of = |value: &dyn Fn(&FrameReport) -> f32| mean(reports.iter().map(|r| f64::from(value(r))));
        let rank = of(&|report| report.rank);
        let trusted = of(&|report| voxmeld_core::blend::trust::factor(report.rank, 1.0));
        text += &format!(
            "{what:6}: rank {rank:.3}, ratio's factor at full trust {trusted:.3}, agreement {:.3}, confidence {:.3}\n",
            of(&|report| report.agreement),
            of(&|report| report.confidence)
        );
        means.push((rank, trusted));
    }
    std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes())?;
    ensure!(means.is_sorted_by(|a, b| a.0 < b.0 && a.1 > b.1), "{text}");
    Ok(())
}

#[test]
fn the_morph_goes_from_one_target_to_the_other() -> Result<()> {
    env::use_data()?;
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.5, 2.5)
        .at_rate(48_000)?;
    let with = |selection: VoiceSelection, weights: [f32; 2]| -> Result<Vec<f32>> {
        let mut rig = Rig::with_selection(offline_48k(), selection, None)?;
        let mut controls = BlockControls::default();
        controls.voice.blend_ratio = 1.0;
        controls.voice.blend.morph.weights[..2].copy_from_slice(&weights);
        rig.play(
            std::slice::from_ref(&sound.samples),
            &Sizes::all(480),
            &[(0, controls)],
            Pace::Free,
        )
        .pop()
        .context("one channel")
    };
    let only = |name: &str| VoiceSelection {
        index: Some(IndexRef::Pack(name.into())),
        ..VoiceSelection::default()
    };
    let both = VoiceSelection::default;
    let heart = with(only("af_heart"), [1.0, 0.0])?;
    let michael = with(only("am_michael"), [1.0, 0.0])?;
    ensure!(
        with(both(), [1.0, 0.0])? == heart,
        "the first alone is that voice, bit for bit"
    );
    ensure!(
        with(both(), [0.0, 0.7])? == michael,
        "the second alone is that voice, bit for bit"
    );
    let between = with(both(), [0.5, 0.5])?;
    ensure!(
        between != heart && between != michael,
        "between them it is neither"
    );
    Ok(())
}
