//! The built CLAP plugin with the default voice.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use super::{TRIES, scenes};
use anyhow::{Context, Result, bail, ensure};
use clack_host::events::event_types::{MidiEvent, ParamModEvent, ParamValueEvent};
use clack_host::prelude::*;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Clock, Host, Instance, Pace};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::energy;

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
fn built_plugin_automated_live_equals_offline() -> Result<()> {
    let _alone = crate::alone();
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
