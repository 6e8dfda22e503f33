//! The engine without a plugin.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use super::scenes;
use super::voice::voice;
use anyhow::{Context, Result, bail, ensure};
use voxmeld_core::controls::{Drive, Listen, Scene};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::retrieval::SearchParams;
use voxmeld_core::rt::{AppliedFrame, BlockControls};
use voxmeld_tests::host::Pace;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, noise};

const SECONDS: usize = 3;
const LEN: usize = 48_000 * SECONDS;

/// Noise whose level rises and falls, so that the fake pitch tracker finds voiced and unvoiced frames.
fn input() -> Vec<f32> {
    let level = |n: usize| (0.02 + 0.6 * (n as f32 / 9_000.0).sin().powi(2)).min(1.0);
    let raw = noise(3, LEN);
    raw.iter().enumerate().map(|(n, x)| x * level(n)).collect()
}

/// The controls from sample `at` on: a drawn ratio, a morph between two scenes, wheel, side chain, pad, and all listen
/// modes in turn.
fn controls(at: usize) -> BlockControls {
    let t = at as f32 / LEN as f32;
    let [a, b] = scenes();
    let scene = Scene::between(&a, &b, (t * 7.0).sin().abs());
    let mut controls = BlockControls {
        ratio_glide_ms: 30.0,
        side_attack_ms: 2.0,
        side_release_ms: 40.0,
        ..BlockControls::default()
    };
    let set = &mut controls.voice;
    set.blend_ratio = if t < 0.5 { 2.0 * t } else { scene.ratio };
    set.blend = scene.blend;
    if t > 0.7 {
        set.blend.morph.pad = Some([t, 1.0 - t]);
    }
    let modes = [
        Listen::Blend,
        Listen::Difference,
        Listen::Blend,
        Listen::Live,
        Listen::Blend,
        Listen::Retrieved,
    ];
    set.blend.listen = modes[at / 17_000 % modes.len()];
    set.search = SearchParams {
        k: 4 + at / 30_000,
        ..SearchParams::default()
    };
    set.pitch_shift = voxmeld_core::units::Semitones(3.0 * t);
    let pitch = &mut set.pitch;
    (pitch.octave_guard_ms, pitch.smoothing_ms, pitch.auto) = (100.0, 40.0 * t, at % 50_000 > 20_000);
    (pitch.snap.strength, pitch.snap.key) = (t, (at / 9_000 % 12) as u8);
    pitch.formant_shift = voxmeld_core::units::Semitones(4.0 * t - 2.0);
    pitch.note = (at % 40_000 > 30_000).then_some(57.0 + 3.0 * t);
    set.drive = Drive {
        side_level: 0.0,
        side_depth: -0.5,
        wheel: t,
        wheel_depth: 0.4,
        pressure: 0.5 * t,
        pressure_depth: 0.2,
    };
    controls
}

/// One pass in blocks of `block` with other controls every 111 samples. Returns the output and the applied frames, or
/// `None` if the pass was interrupted or reduced.
fn pass(pace: Pace, block: usize) -> Result<Option<(Vec<f32>, Vec<AppliedFrame>)>> {
    // A long hop, so that a busy machine is not late.
    let setup = StreamSetup {
        hop: Hop::Ms160,
        offline: pace == Pace::Free,
        ..offline_48k()
    };
    let mut rig = Rig::with_voice(setup, voice())?;
    let play = |rig: &mut Rig, input: &[f32], frames: &mut Vec<AppliedFrame>| {
        let side: Vec<f32> = input.iter().rev().copied().collect();
        let mut sound = input.to_vec();
        let mut clock = pace.clock(48_000.0);
        for start in (0..sound.len()).step_by(block) {
            let end = (start + block).min(sound.len());
            if pace.waits(start / block) {
                clock.wait_for(end);
            }
            let mut from = start;
            while from < end {
                let to = (from / 111 * 111 + 111).min(end);
                let channels = &mut [&mut sound[from..to]];
                rig.audio()
                    .process_with_side(channels, &[&side[from..to]], &controls(from / 111 * 111));
                frames.extend(std::iter::from_fn(|| rig.audio().next_applied_frame()));
                from = to;
            }
        }
        sound
    };
    // In a live stream the voice may arrive after the first hop, so the stream is reset afterwards.
    play(&mut rig, &vec![0.0; 24_000], &mut Vec::new());
    rig.audio().reset();
    let before = rig.handle().status();
    let mut frames = Vec::new();
    let output = play(&mut rig, &input(), &mut frames);
    let after = rig.handle().status();
    let complete = after.xruns == before.xruns
        && after.short_searches == before.short_searches
        && after.reduced_hops == before.reduced_hops;
    Ok(complete.then_some((output, frames)))
}

#[test]
fn engine_with_all_blending_controls_automated_live_equals_offline() -> Result<()> {
    let _lock = crate::lock_machine();
    let (offline, frames) = pass(Pace::Free, 480)?.context("the offline render was interrupted")?;
    ensure!(energy(&offline) > 0.1, "the output is silent");
    let ratios: Vec<f32> = frames.iter().map(|frame| frame.ratio).collect();
    ensure!(
        ratios.iter().any(|&r| r > 0.9) && ratios.iter().any(|&r| r > 0.0 && r < 0.2),
        "the ratio does not change: {ratios:?}"
    );
    for pace in Pace::LIVE_TRIES {
        if let Some((live, live_frames)) = pass(pace, 333)? {
            let first = offline
                .iter()
                .zip(&live)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            ensure!(
                first.is_none(),
                "live and offline differ from sample {first:?} on"
            );
            ensure!(frames == live_frames, "the live pass publishes other frames");
            return Ok(());
        }
    }
    bail!("even the slowest pass of a simple voice was interrupted")
}
