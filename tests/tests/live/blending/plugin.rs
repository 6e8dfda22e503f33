//! The built CLAP plugin with the default voice.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use super::scenes;
use anyhow::{Context, Result, bail, ensure};
use clack_host::events::event_types::{MidiEvent, ParamModEvent, ParamValueEvent};
use clack_host::prelude::*;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, Pace};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::energy;

/// A session with the default pack, two scenes, and one muted recording.
fn session(host: &Host) -> Result<Vec<u8>> {
    env::use_data()?;
    let rig = Rig::with_selection(offline_48k(), VoiceSelection::default(), None)?;
    let targets = rig.handle().status().targets;
    let take = targets
        .iter()
        .find_map(|target| Some((target.name.clone(), target.sources.first()?.clone())));
    let mut saved = host.instance()?.save()?;
    // A CLAP state of nice-plug is JSON after its length in eight bytes.
    let mut state: serde_json::Value =
        serde_json::from_slice(saved.get(8..).context("the state is too short")?)?;
    let numbers = scenes().map(|scene| scene.to_numbers().to_vec());
    // As in sessions of the first format, which has no field of its own.
    let fields = state["fields"]
        .as_object_mut()
        .context("no fields in the state")?;
    fields.remove("format");
    fields.insert("scenes".into(), serde_json::to_string(&numbers)?.into());
    if let Some((target, source)) = take {
        let text = state["fields"]["voice"]
            .as_str()
            .context("no voice in the state")?;
        let mut voice: serde_json::Value = serde_json::from_str(text)?;
        voice["selection"]["takes"] = serde_json::json!({ target: { source: 0 } });
        state["fields"]["voice"] = serde_json::to_string(&voice)?.into();
    }
    let bytes = serde_json::to_vec(&state)?;
    saved = (bytes.len() as u64).to_le_bytes().to_vec();
    saved.extend_from_slice(&bytes);
    Ok(saved)
}

/// The events of a block.
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

/// Output, published ratios, published confidences.
type PassResult = (Vec<f32>, Vec<(u64, f64)>, Vec<(u64, f64)>);

fn play_plugin(instance: &mut Instance, input: &[f32], block: usize, pace: Pace) -> Result<PassResult> {
    let mut output = Vec::new();
    let mut clock = pace.clock(48_000.0);
    for start in (0..input.len()).step_by(block) {
        let end = (start + block).min(input.len());
        let list = events(instance, start, end, input.len())?;
        if pace.waits(start / block) {
            clock.wait_for(end);
        }
        let mut from = [input[start..end].to_vec(), input[start..end].to_vec()];
        let mut side_chain = from.clone();
        let mut to = [vec![0.0; end - start], vec![0.0; end - start]];
        let [a, b] = &mut from;
        let [c, d] = &mut side_chain;
        let [e, f] = &mut to;
        instance.process_with_side(&mut [a, b], &mut [c, d], &mut [e, f], &list)?;
        output.extend_from_slice(&to[0]);
    }
    Ok((
        output,
        instance.published("Ratio applied")?,
        instance.published("Confidence")?,
    ))
}

#[test]
fn built_plugin_with_blending_automated_live_equals_offline() -> Result<()> {
    let _lock = crate::lock_machine();
    let host = Host::load_bundle()?;
    let session = session(&host)?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.1, 2.1)
        .at_rate(48_000)?
        .samples;
    let pass = |pace: Pace, block: usize| -> Result<PassResult> {
        let mut instance = host.instance()?;
        instance.restore(&session)?;
        // A long hop, so that a busy machine is not late.
        instance.set("Hop", 5.0 / 6.0)?;
        // Offline a block waits until the voice is loaded. The voice stays for the live pass.
        instance.set_offline(true)?;
        instance.activate(48_000.0, 480)?;
        let silence = vec![0.0; 48_000];
        play_plugin(&mut instance, &silence, 480, Pace::Free)?;
        instance.set_offline(pace == Pace::Free)?;
        instance.activate(48_000.0, 480)?;
        play_plugin(&mut instance, &speech, block, pace)
    };
    let offline = pass(Pace::Free, 480)?;
    ensure!(energy(&offline.0) > 0.1, "the output is silent");
    let ratios: Vec<f64> = offline.1.iter().map(|ratio| ratio.1).collect();
    ensure!(
        ratios.iter().any(|&r| r > 0.3),
        "the ratio does not change: {ratios:?}"
    );
    let mut differs = Vec::new();
    // A pass differs if the machine interrupts it, so one of several has to be equal.
    for pace in Pace::LIVE_TRIES {
        let live = pass(pace, 333)?;
        if live == offline {
            return Ok(());
        }
        let first = offline
            .0
            .iter()
            .zip(&live.0)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        differs.push(first);
    }
    bail!("all live passes differ from the offline render, from these samples on: {differs:?}")
}
