//! Blending in the built CLAP plugin: automation, modulation, MIDI and the side chain. Each is compared with a render
//! in which the resulting value is set directly.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a second of audio"
)]

use anyhow::{Context, Result};
use clack_host::events::event_types::{MidiEvent, ParamModEvent, ParamValueEvent};
use clack_host::prelude::*;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance};
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const MAX_BLOCK: u32 = 4_096;
const SECONDS: f64 = 1.0;

/// An event at a sample.
#[derive(Clone, Copy)]
enum Event {
    /// Sets a parameter to a part of its range.
    Set(&'static str, f64),
    /// Modulates a parameter by a part of its range.
    Modulate(&'static str, f64),
    /// MIDI controller 1 (7 bits).
    Wheel(u8),
}

/// A new offline instance with some parameters set.
fn instance(host: &Host, set: &[(&str, f64)]) -> Result<Instance> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, MAX_BLOCK)?;
    for (name, part) in set {
        instance.set(name, *part)?;
    }
    instance.reset()?;
    Ok(instance)
}

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.1, 0.1 + SECONDS)
        .at_rate(48_000)?;
    Ok(sound.samples)
}

/// Plays the speech with events, and a side chain whose samples are all `side`.
fn play(instance: &mut Instance, block: usize, side: f32, events: &[(usize, Event)]) -> Result<Vec<f32>> {
    let input = speech()?;
    let mut output = Vec::new();
    for start in (0..input.len()).step_by(block) {
        let end = (start + block).min(input.len());
        let mut list = EventBuffer::new();
        for (at, event) in events.iter().filter(|(at, _)| (start..end).contains(at)) {
            let at = (at - start) as u32;
            match *event {
                Event::Set(name, part) => {
                    let param = instance.param(name)?;
                    let value = param.at(part);
                    list.push(&ParamValueEvent::new(at, param.id, Pckn::match_all(), value));
                }
                Event::Modulate(name, part) => {
                    let param = instance.param(name)?;
                    let amount = part * (param.max - param.min);
                    list.push(&ParamModEvent::new(at, param.id, Pckn::match_all(), amount));
                }
                Event::Wheel(value) => {
                    list.push(&MidiEvent::new(at, 0, [0xB0, 1, value]));
                }
            }
        }
        let mut from = [input[start..end].to_vec(), input[start..end].to_vec()];
        let mut side_chain = [vec![side; end - start], vec![side; end - start]];
        let mut to = [vec![0.0; end - start], vec![0.0; end - start]];
        let [a, b] = &mut from;
        let [c, d] = &mut side_chain;
        let [e, f] = &mut to;
        instance.process_with_side(&mut [a, b], &mut [c, d], &mut [e, f], &list)?;
        output.extend_from_slice(&to[0]);
    }
    Ok(output)
}

#[track_caller]
fn assert_same(a: &[f32], b: &[f32], what: &str) {
    assert!(energy(a) > 0.1, "{what}: the output is silent");
    let first = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(first, None, "{what}: the outputs differ from this sample on");
}

#[test]
fn drawn_ramp_gives_equal_output_at_blocks_of_1_to_4096() -> Result<()> {
    let host = Host::load_bundle()?;
    let len = (SECONDS * RATE_HZ) as usize;
    let mut events = Vec::new();
    for at in (0..len).step_by(48) {
        let part = at as f64 / len as f64;
        events.push((at, Event::Set("Blend ratio", part)));
        events.push((at, Event::Set("Trust", 1.0 - part)));
        events.push((at, Event::Set("Morph weight 2", part)));
        if at % 480 == 0 {
            events.push((at + 7, Event::Wheel((127.0 * part) as u8)));
        }
    }
    let set = [
        ("Ratio glide", 0.02),
        ("Wheel to ratio", 0.6),
        ("Continuity", 0.5),
    ];
    let render = |block| play(&mut instance(&host, &set)?, block, 0.25, &events);
    let reference = render(512)?;
    for block in [1, 64, 4_096] {
        assert_same(&reference, &render(block)?, &format!("blocks of {block}"));
    }
    Ok(())
}

/// The published ratio of a frame is the value drawn at its middle, at the sample at which that middle is output.
#[test]
fn ratio_drawn_every_16_samples_is_reported_per_frame_at_its_output_sample() -> Result<()> {
    let host = Host::load_bundle()?;
    let len = (SECONDS * RATE_HZ) as usize;
    let drawn = |at: usize| at as f64 / len as f64;
    let events: Vec<(usize, Event)> = (0..len)
        .step_by(16)
        .map(|at| (at, Event::Set("Blend ratio", drawn(at))))
        .collect();
    let mut reference = None;
    for block in [512, 1, 64, 4_096] {
        let mut instance = instance(&host, &[])?;
        play(&mut instance, block, 0.0, &events)?;
        let latency = instance.latency()?;
        let (ratios, confidences) = (
            instance.published("Ratio applied")?,
            instance.published("Confidence")?,
        );
        assert_eq!(ratios.len(), (len - latency - 240).div_ceil(960), "frames");
        for (n, (at, ratio)) in ratios.iter().enumerate() {
            let middle = 960 * n + 240;
            assert_eq!(*at as usize, middle + latency, "blocks of {block}, frame {n}");
            assert!(
                (ratio - drawn(middle)).abs() < 1e-6,
                "blocks of {block}, frame {n}: {ratio}"
            );
        }
        let published = (ratios, confidences);
        match &reference {
            None => reference = Some(published),
            Some(reference) => assert!(*reference == published, "blocks of {block}: other values"),
        }
    }
    Ok(())
}

#[test]
fn output_parameters_are_visible_and_read_only() -> Result<()> {
    let host = Host::load_bundle()?;
    let instance = host.instance()?;
    for param in instance.params() {
        let is_output = matches!(param.name.as_str(), "Ratio applied" | "Confidence");
        assert_eq!(
            (param.read_only, param.hidden),
            (is_output, false),
            "{}",
            param.name
        );
    }
    Ok(())
}

#[test]
fn modulation_equals_the_value_plus_its_amount() -> Result<()> {
    let host = Host::load_bundle()?;
    for (name, set, by) in [
        ("Blend ratio", 0.5, 0.25),
        ("Pitch shift", 0.5, 0.125),
        ("Trust", 0.25, 0.5),
    ] {
        let plain = [("Blend ratio", 0.75)];
        let modulated = play(
            &mut instance(&host, &plain)?,
            512,
            0.0,
            &[(0, Event::Set(name, set)), (0, Event::Modulate(name, by))],
        )?;
        let added = play(
            &mut instance(&host, &plain)?,
            512,
            0.0,
            &[(0, Event::Set(name, set + by))],
        )?;
        let without = play(
            &mut instance(&host, &plain)?,
            512,
            0.0,
            &[(0, Event::Set(name, set))],
        )?;
        assert_same(&added, &modulated, name);
        assert!(added != without, "{name}: modulation has no effect");
        // Modulation back at 0 leaves the value as it was set.
        let mut unmodulated = instance(&host, &plain)?;
        let events = [
            (0, Event::Set(name, set)),
            (0, Event::Modulate(name, by)),
            (1, Event::Modulate(name, 0.0)),
        ];
        let events = &events[..];
        assert_same(&without, &play(&mut unmodulated, 512, 0.0, events)?, name);
    }
    Ok(())
}

#[test]
fn wheel_and_side_chain_add_to_the_ratio_by_their_depths() -> Result<()> {
    let host = Host::load_bundle()?;
    let at_ratio = |part| {
        play(
            &mut instance(&host, &[])?,
            512,
            0.5,
            &[(0, Event::Set("Blend ratio", part))],
        )
    };
    // At the default depths of 0 neither has an effect.
    let off = [(0, Event::Set("Blend ratio", 0.5)), (0, Event::Wheel(127))];
    assert_same(
        &at_ratio(0.5)?,
        &play(&mut instance(&host, &[])?, 512, 0.0, &off)?,
        "off",
    );
    let wheel = [
        (0, Event::Set("Blend ratio", 0.5)),
        (0, Event::Set("Wheel to ratio", 1.0)),
        (0, Event::Wheel(127)),
    ];
    assert_same(
        &at_ratio(1.0)?,
        &play(&mut instance(&host, &[])?, 512, 0.0, &wheel)?,
        "wheel",
    );
    let side = [
        (0, Event::Set("Blend ratio", 0.75)),
        (0, Event::Set("Side to ratio", 0.0)),
        (0, Event::Set("Side attack", 0.0)),
    ];
    let ducked = play(&mut instance(&host, &[])?, 512, 0.5, &side)?;
    assert_same(&at_ratio(0.25)?, &ducked, "side chain");
    Ok(())
}

#[test]
fn applied_ratio_and_confidence_can_be_read() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = instance(&host, &[("Blend ratio", 0.75)])?;
    play(&mut instance, 512, 0.0, &[])?;
    let ratio = instance.value("Ratio applied")?;
    assert!((ratio - 0.75).abs() < 1e-6, "{ratio}");
    let confidence = instance.value("Confidence")?;
    assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    Ok(())
}

/// A session from a version that had no blending parameters but the ratio.
#[test]
fn session_with_eleven_parameters_gives_equal_output() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut old = instance(&host, &[("Blend ratio", 0.8)])?;
    let reference = play(&mut old, 512, 0.0, &[])?;
    // A CLAP state of nice-plug is JSON after its length in eight bytes.
    let saved = old.save()?;
    let mut state: serde_json::Value =
        serde_json::from_slice(saved.get(8..).context("the state is too short")?)?;
    let params = state["params"].as_object_mut().context("no parameters")?;
    let known = [
        "blend_ratio",
        "pitch_shift",
        "dry_wet",
        "input_gain",
        "output_gain",
        "n_probe",
        "k",
        "loudness_follow",
        "when_not_ready",
        "hop",
        "bypass",
    ];
    params.retain(|id, _| known.contains(&id.as_str()));
    assert_eq!(params.len(), known.len());
    let fields = state["fields"].as_object_mut().context("no fields")?;
    fields.retain(|name, _| name == "voice");
    let mut new = host.instance()?;
    new.set_offline(true)?;
    let bytes = serde_json::to_vec(&state)?;
    let with_length = [&(bytes.len() as u64).to_le_bytes()[..], &bytes[..]].concat();
    new.restore(&with_length)?;
    new.activate(RATE_HZ, MAX_BLOCK)?;
    assert_same(&reference, &play(&mut new, 512, 0.0, &[])?, "old session");
    Ok(())
}
