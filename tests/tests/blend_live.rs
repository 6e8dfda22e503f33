//! Blending live and bounced: a real-time pass without interruptions equals the
//! offline render, bit for bit, with everything that can be set about blending
//! in motion. With a voice of simple arithmetic, and with the built plugin.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, bail, ensure};
use clack_host::events::event_types::{MidiEvent, ParamModEvent, ParamValueEvent};
use clack_host::prelude::*;
use std::sync::Arc;
use voxmeld_core::SampleRate;
use voxmeld_core::blend::{Source, Target};
use voxmeld_core::controls::{BlendSettings, Curves, Drive, LevelCurve, Listen, Morph, Scene, VoicingCurve};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::frames::Frames;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::{
    Encoder, ModelError, PitchTracker, SynthesisInput, Synthesizer, Voice, VoiceLayout,
};
use voxmeld_core::retrieval::flat::FlatIndex;
use voxmeld_core::retrieval::{Metric, SearchParams};
use voxmeld_core::rt::{BlockControls, Told};
use voxmeld_core::selection::VoiceSelection;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Clock, Host, Instance, Pace};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{energy, noise};

const DIM: usize = 16;
const SECONDS: usize = 3;
const LEN: usize = 48_000 * SECONDS;
/// Live passes before the machine counts as overloaded.
const TRIES: usize = 5;

/// Levels of 16 pieces of a frame.
struct Levels;

impl Encoder for Levels {
    fn dim(&self) -> usize {
        DIM
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        embeddings.clear(DIM);
        for frame in audio_16k.chunks_exact(320) {
            let row: Vec<f32> = frame
                .chunks_exact(20)
                .map(|piece| piece.iter().map(|x| x.abs()).sum::<f32>() / 20.0)
                .collect();
            embeddings.push(&row);
        }
        Ok(())
    }
}

/// Loud is voiced, and the higher the louder.
struct LevelPitch;

impl PitchTracker for LevelPitch {
    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
        f0_hz.clear();
        f0_hz.extend(audio_16k.chunks_exact(160).map(|half| {
            let level = half.iter().map(|x| x.abs()).sum::<f32>() / 160.0;
            if level > 0.05 { 60.0 + 900.0 * level } else { 0.0 }
        }));
        Ok(())
    }
}

/// Every value of an embedding can be heard, and so can the pitch.
struct Plain;

impl Synthesizer for Plain {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(24_000)
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        let frames = input
            .embeddings_100hz
            .rows()
            .zip(input.noise.rows())
            .zip(input.f0_hz);
        for ((row, noise), f0_hz) in frames.skip(input.skip_100hz) {
            let pitch = 0.5 + f0_hz / 2_000.0;
            audio.extend((0..240).map(|n| row[n % DIM] * noise[n % noise.len()] * pitch));
        }
        Ok(())
    }
}

/// A target of four recordings, one quieter and one mute.
fn target(seed: u64) -> Target {
    let vectors: Vec<f32> = noise(seed, 160 * DIM).iter().map(|x| 0.6 * x.abs()).collect();
    let sources = (0..4).map(|n| Source {
        name: format!("take {n}"),
        ranges: std::iter::once(n * 40..(n + 1) * 40).collect(),
        in_time: true,
    });
    let index = FlatIndex::new(Frames::from_data(DIM, vectors), Metric::L2);
    let mut target = Target::new(format!("target {seed}"), Arc::new(index)).with_sources(sources.collect());
    target.weigh_takes(&[1.0, 0.5, 0.0, 1.0]);
    target
}

fn voice() -> Voice {
    Voice {
        name: "plain".into(),
        encoder: Box::new(Levels),
        pitch: Box::new(LevelPitch),
        synthesizer: Box::new(Plain),
        targets: (1..=3).map(target).collect(),
        layout: VoiceLayout {
            window_frames_50hz: 12,
            context_frames_100hz: 8,
            ..VoiceLayout::default()
        },
    }
}

/// Noise that swells and dies away: voiced and not, loud and quiet.
fn swells() -> Vec<f32> {
    let swell = |n: usize| (0.02 + 0.6 * (n as f32 / 9_000.0).sin().powi(2)).min(1.0);
    let raw = noise(3, LEN);
    raw.iter().enumerate().map(|(n, x)| x * swell(n)).collect()
}

fn scenes() -> [Scene; 2] {
    let curve = |points| LevelCurve { depth: 0.8, points };
    let blend = BlendSettings {
        trust: 1.0,
        curves: Curves {
            voicing: VoicingCurve {
                depth: 1.0,
                unvoiced: 0.33,
                voiced: 1.0,
            },
            loudness: curve([0.2, 1.0, 0.6]),
            pitch: curve([1.0, 0.4, 0.9]),
        },
        morph: Morph {
            weights: [1.0, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0],
            pad: None,
        },
        continuity: 0.7,
        listen: Listen::Blend,
    };
    let mut other = BlendSettings {
        trust: 0.2,
        continuity: 0.1,
        ..blend
    };
    other.morph.weights = [0.1, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    [
        Scene { ratio: 0.2, blend },
        Scene {
            ratio: 1.0,
            blend: other,
        },
    ]
}

/// What is set from sample `at` on: a ratio that is drawn, a morph of two scenes,
/// the wheel, the side chain, the pad, and all listen modes in turn.
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
    set.drive = Drive {
        side_level: 0.0,
        side_depth: -0.5,
        wheel: t,
        wheel_depth: 0.4,
    };
    controls
}

/// One pass in blocks of `block`, controls moving every 111 samples; what is heard
/// and what is told of it, if nothing was interrupted or left out.
fn pass(offline: bool, block: usize) -> Result<Option<(Vec<f32>, Vec<Told>)>> {
    // A generous hop: this is not about lateness.
    let setup = StreamSetup {
        hop: Hop::Ms160,
        offline,
        ..offline_48k()
    };
    let mut rig = Rig::with_voice(setup, voice())?;
    let pace = if offline { Pace::Free } else { Pace::RealTime };
    let mut clock = Clock::start(48_000.0);
    let mut play = |rig: &mut Rig, input: &[f32], told: &mut Vec<Told>| {
        let side: Vec<f32> = input.iter().rev().copied().collect();
        let mut sound = input.to_vec();
        clock = Clock::start(48_000.0);
        for start in (0..sound.len()).step_by(block) {
            let end = (start + block).min(sound.len());
            if pace == Pace::RealTime {
                clock.wait_for(end);
            }
            let mut from = start;
            while from < end {
                let to = (from / 111 * 111 + 111).min(end);
                let channels = &mut [&mut sound[from..to]];
                rig.audio()
                    .process_with_side(channels, &[&side[from..to]], &controls(from / 111 * 111));
                told.extend(std::iter::from_fn(|| rig.audio().next_told()));
                from = to;
            }
        }
        sound
    };
    // The voice may arrive after the first hop of a live stream; then start over.
    play(&mut rig, &vec![0.0; 24_000], &mut Vec::new());
    rig.audio().reset();
    let before = rig.handle().status();
    let mut told = Vec::new();
    let heard = play(&mut rig, &swells(), &mut told);
    let after = rig.handle().status();
    let whole = after.xruns == before.xruns
        && after.short_searches == before.short_searches
        && after.reduced_hops == before.reduced_hops;
    Ok(whole.then_some((heard, told)))
}

#[test]
fn all_of_blending_in_motion_sounds_live_as_it_is_bounced() -> Result<()> {
    let (bounced, told) = pass(true, 480)?.context("an offline render leaves nothing out")?;
    ensure!(energy(&bounced) > 0.1, "silence would prove nothing");
    let ratios: Vec<f32> = told.iter().map(|told| told.ratio).collect();
    ensure!(
        ratios.iter().any(|&r| r > 0.9) && ratios.iter().any(|&r| r > 0.0 && r < 0.2),
        "the ratio moves: {ratios:?}"
    );
    for _ in 0..TRIES {
        if let Some((live, live_told)) = pass(false, 333)? {
            let first = bounced
                .iter()
                .zip(&live)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            ensure!(
                first.is_none(),
                "live and bounced differ from sample {first:?} on"
            );
            ensure!(told == live_told, "live tells other ratios");
            return Ok(());
        }
    }
    bail!("{TRIES} real-time passes of a simple voice were interrupted: the machine is overloaded")
}

/// A session of the default pack with two scenes, and a recording muted.
fn session(host: &Host) -> Result<Vec<u8>> {
    env::use_data()?;
    let rig = Rig::with_selection(offline_48k(), VoiceSelection::default(), None)?;
    let targets = rig.handle().status().targets;
    let take = targets
        .iter()
        .find_map(|target| Some((target.name.clone(), target.sources.first()?.clone())));
    let mut saved = host.instance()?.save()?;
    // nice-plug's CLAP states are JSON behind their length.
    let mut state: serde_json::Value = serde_json::from_slice(saved.get(8..).context("a state")?)?;
    let numbers = scenes().map(|scene| scene.to_numbers().to_vec());
    state["fields"]["scenes"] = serde_json::to_string(&numbers)?.into();
    if let Some((target, source)) = take {
        let text = state["fields"]["voice"].as_str().context("a voice")?;
        let mut voice: serde_json::Value = serde_json::from_str(text)?;
        voice["selection"]["takes"] = serde_json::json!({ target: { source: 0 } });
        state["fields"]["voice"] = serde_json::to_string(&voice)?.into();
    }
    let bytes = serde_json::to_vec(&state)?;
    saved = (bytes.len() as u64).to_le_bytes().to_vec();
    saved.extend_from_slice(&bytes);
    Ok(saved)
}

/// What the host does in a block.
fn events(instance: &Instance, start: usize, end: usize, len: usize) -> Result<EventBuffer> {
    let mut list = EventBuffer::new();
    let value = |list: &mut EventBuffer, at: usize, name: &str, part: f64| -> Result<()> {
        let param = instance.param(name)?;
        let event = ParamValueEvent::new((at - start) as u32, param.id, Pckn::match_all(), param.at(part));
        list.push(&event);
        Ok(())
    };
    for at in (start..end).filter(|at| at % 96 == 0) {
        let t = at as f64 / len as f64;
        if at == 0 {
            for (name, part) in [
                ("Voicing depth", 1.0),
                ("Loudness depth", 0.5),
                ("Pitch depth", 0.5),
                ("Side to ratio", 0.25),
                ("Wheel to ratio", 0.7),
                ("Ratio glide", 0.05),
            ] {
                value(&mut list, at, name, part)?;
            }
        }
        value(&mut list, at, "Blend ratio", t)?;
        value(&mut list, at, "Trust", 1.0 - t)?;
        value(&mut list, at, "Continuity", (3.0 * t).fract())?;
        value(&mut list, at, "Morph weight 2", t)?;
        value(&mut list, at, "Scenes", f64::from(u8::from(t > 0.5)))?;
        value(&mut list, at, "Scene A to B", (2.0 * t).fract())?;
        value(
            &mut list,
            at,
            "Listen",
            f64::from(u8::from((0.8..0.9).contains(&t))),
        )?;
        if at % 480 == 0 {
            list.push(&MidiEvent::new(
                (at - start) as u32,
                0,
                [0xB0, 1, (127.0 * t) as u8],
            ));
            let pitch = instance.param("Pitch shift")?;
            let amount = 0.1 * t * (pitch.max - pitch.min);
            let event = ParamModEvent::new((at - start) as u32, pitch.id, Pckn::match_all(), amount);
            list.push(&event);
        }
    }
    Ok(list)
}

type Heard = (Vec<f32>, Vec<(u64, f64)>, Vec<(u64, f64)>);

fn play_plugin(instance: &mut Instance, input: &[f32], block: usize, pace: Pace) -> Result<Heard> {
    let mut output = Vec::new();
    let mut clock = Clock::start(48_000.0);
    for start in (0..input.len()).step_by(block) {
        let end = (start + block).min(input.len());
        let list = events(instance, start, end, input.len())?;
        if pace == Pace::RealTime {
            clock.wait_for(end);
        }
        let mut from = [input[start..end].to_vec(), input[start..end].to_vec()];
        let mut beside = from.clone();
        let mut to = [vec![0.0; end - start], vec![0.0; end - start]];
        let [a, b] = &mut from;
        let [c, d] = &mut beside;
        let [e, f] = &mut to;
        instance.process_with_side(&mut [a, b], &mut [c, d], &mut [e, f], &list)?;
        output.extend_from_slice(&to[0]);
    }
    Ok((
        output,
        instance.told("Ratio applied")?,
        instance.told("Confidence")?,
    ))
}

#[test]
fn the_plugin_sounds_live_as_it_is_bounced() -> Result<()> {
    let host = Host::load_bundle()?;
    let session = session(&host)?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.1, 2.1)
        .at_rate(48_000)?
        .samples;
    let pass = |offline: bool, block: usize| -> Result<Heard> {
        let mut instance = host.instance()?;
        instance.restore(&session)?;
        // Long hops: this is not about lateness.
        instance.set("Hop", 5.0 / 6.0)?;
        // Offline a block waits until the voice is there; it stays.
        instance.set_offline(true)?;
        instance.activate(48_000.0, 480)?;
        let silence = vec![0.0; 48_000];
        play_plugin(&mut instance, &silence, 480, Pace::Free)?;
        instance.set_offline(offline)?;
        instance.activate(48_000.0, 480)?;
        let pace = if offline { Pace::Free } else { Pace::RealTime };
        play_plugin(&mut instance, &speech, block, pace)
    };
    let bounced = pass(true, 480)?;
    ensure!(energy(&bounced.0) > 0.1, "silence would prove nothing");
    let ratios: Vec<f64> = bounced.1.iter().map(|told| told.1).collect();
    ensure!(ratios.iter().any(|&r| r > 0.3), "the ratio moves: {ratios:?}");
    let mut differs = Vec::new();
    // An interruption is the machine's, and makes a pass differ: one without must come.
    for _ in 0..TRIES {
        let live = pass(false, 333)?;
        if live == bounced {
            return Ok(());
        }
        let first = bounced
            .0
            .iter()
            .zip(&live.0)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        differs.push(first);
    }
    bail!("{TRIES} real-time passes differ from the bounce, from these samples on: {differs:?}")
}
