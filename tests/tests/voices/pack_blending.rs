//! Blending with the default pack: its two targets, continuity, trust and confidence.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, bail, ensure};
use voxmeld_core::controls::Controls;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::SearchParams;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{IndexRef, VoiceSelection};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::embeddings::{TrustStats, default_voice, embed, non_silent_frames, retrieve};
use voxmeld_tests::env;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::non_speech;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

fn speech_16k() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?;
    Ok(sound.part(0.0, 8.0).at_rate(16_000)?.samples)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squared: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    squared.sqrt()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    sum / count.max(1) as f64
}

/// Mean distance of successive retrieved frames (jitter), and mean distance to the live embedding.
fn measure(live: &Frames, retrieved: &Frames) -> (f64, f64) {
    let jitter = (1..retrieved.len()).map(|n| distance(retrieved.row(n - 1), retrieved.row(n)));
    let to_live = (0..live.len()).map(|n| distance(live.row(n), retrieved.row(n)));
    (mean(jitter), mean(to_live))
}

#[test]
fn continuity_0_1_reduces_jitter_without_greater_distance() -> Result<()> {
    let mut voice = default_voice()?;
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
        for continuity in [0.0, 0.1, 0.25, 0.5, 1.0] {
            let (jitter, distance) = with(k, continuity);
            lines.push(format!(
                "k {k:2}, continuity {continuity:.2}: jitter {jitter:.4}, distance {distance:.4}"
            ));
        }
    }
    let table = lines.join("\n");
    let mut out = std::io::stderr().lock();
    std::io::Write::write_all(&mut out, format!("{} frames\n{table}\n", live.len()).as_bytes())?;
    let (off, on) = (with(8, 0.0), with(8, 0.1));
    ensure!(on.0 < 0.99 * off.0, "no less jitter:\n{table}");
    ensure!(on.1 < 1.01 * off.1, "a greater distance:\n{table}");
    Ok(())
}

/// The target's own frames have the lowest ranks, another speaker's speech higher ones, and sounds other than speech the
/// highest; trust reduces the ratio in that order.
#[test]
fn trust_reduces_the_ratio_more_for_other_speakers_and_most_for_non_speech() -> Result<()> {
    let mut voice = default_voice()?;
    let speech = embed(&mut voice, &speech_16k()?)?;
    // The target's vectors with a small offset: like another recording of the target.
    let target = &voice.targets[0];
    let mut own = Frames::new(speech.dim());
    let offset = noise(5, speech.dim());
    let mut row = vec![0.0; speech.dim()];
    for id in (0..target.index.len()).step_by(11) {
        ensure!(
            target.index.vector(i64::try_from(id)?, &mut row),
            "no vector {id}"
        );
        let moved: Vec<f32> = row.iter().zip(&offset).map(|(x, y)| x + 0.02 * y).collect();
        own.push(&moved);
    }
    let mut sounds = vec![("target", own), ("speech", speech)];
    for (what, audio) in [
        ("breath", non_speech::breath()),
        ("laugh", non_speech::laugh()),
        ("2 kHz", non_speech::sine_2_khz()),
    ] {
        let live = embed(&mut voice, &audio)?;
        sounds.push((what, non_silent_frames(&audio, &live)));
    }
    let target = &voice.targets[0];
    let found: Vec<(&str, TrustStats)> = sounds
        .iter()
        .map(|(what, live)| (*what, TrustStats::of(target, live)))
        .collect();
    let text: String = found
        .iter()
        .map(|(what, stats)| format!("{what:6}: {stats}\n"))
        .collect();
    std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes())?;
    let [own, speech, non_speech @ ..] = &found[..] else {
        bail!("too few sounds");
    };
    ensure!(
        own.1.rank < speech.1.rank && own.1.factor > speech.1.factor,
        "{text}"
    );
    for (what, stats) in non_speech {
        ensure!(
            stats.rank > speech.1.rank && stats.factor < speech.1.factor - 0.05,
            "{what} is trusted like speech:\n{text}"
        );
    }
    Ok(())
}

#[test]
fn one_morph_weight_gives_that_target_and_two_give_neither() -> Result<()> {
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
        "the first weight alone differs from the first target"
    );
    ensure!(
        with(both(), [0.0, 0.7])? == michael,
        "the second weight alone differs from the second target"
    );
    let between = with(both(), [0.5, 0.5])?;
    ensure!(
        between != heart && between != michael,
        "equal weights give the output of one target"
    );
    Ok(())
}
