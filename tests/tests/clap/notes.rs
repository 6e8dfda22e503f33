//! Notes, bend and pressure in the built CLAP plugin.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result};
use clack_host::events::event_types::{MidiEvent, NoteOffEvent, NoteOnEvent};
use clack_host::prelude::*;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance};
use voxmeld_tests::periodicity::median_pitch_hz;
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const MAX_BLOCK: u32 = 4_096;

/// An event at a sample.
#[derive(Clone, Copy)]
enum Event {
    /// A key is struck or released, as a CLAP event.
    Note(bool, u16),
    /// A MIDI message.
    Midi([u8; 3]),
}

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

fn speech(seconds: f64) -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.1, 0.1 + seconds)
        .at_rate(48_000)?;
    Ok(sound.samples)
}

fn play(instance: &mut Instance, input: &[f32], block: usize, events: &[(usize, Event)]) -> Result<Vec<f32>> {
    let mut output = Vec::new();
    for start in (0..input.len()).step_by(block) {
        let end = (start + block).min(input.len());
        let mut list = EventBuffer::new();
        for (at, event) in events.iter().filter(|(at, _)| (start..end).contains(at)) {
            let at = (at - start) as u32;
            match *event {
                Event::Note(true, key) => {
                    list.push(&NoteOnEvent::new(at, Pckn::new(0_u16, 0_u16, key, 7_u32), 0.8))
                }
                Event::Note(false, key) => {
                    list.push(&NoteOffEvent::new(at, Pckn::new(0_u16, 0_u16, key, 7_u32), 0.0))
                }
                Event::Midi(message) => list.push(&MidiEvent::new(at, 0, message)),
            }
        }
        let mut from = [input[start..end].to_vec(), input[start..end].to_vec()];
        let mut side = [vec![0.0; end - start], vec![0.0; end - start]];
        let mut to = [vec![0.0; end - start], vec![0.0; end - start]];
        let ([a, b], [c, d], [e, f]) = (&mut from, &mut side, &mut to);
        instance.process_with_side(&mut [a, b], &mut [c, d], &mut [e, f], &list)?;
        output.extend_from_slice(&to[0]);
    }
    Ok(output)
}

/// Cents from a note to the median pitch of a part of the output.
fn cents_from(note: f64, output: &[f32]) -> Result<f64> {
    let hz = median_pitch_hz(output, RATE_HZ).context("hardly any of the output is voiced")?;
    Ok(1200.0 * (hz / (440.0 * ((note - 69.0) / 12.0).exp2())).log2())
}

#[test]
fn held_notes_set_the_pitch_one_latency_later_and_the_last_one_struck_counts() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = instance(&host, &[("Notes set the pitch", 1.0)])?;
    let input = speech(9.0)?;
    let second = RATE_HZ as usize;
    let events = [
        (0, Event::Note(true, 57)),
        (3 * second, Event::Note(true, 62)),
        (6 * second, Event::Note(false, 62)),
    ];
    let latency = instance.latency()?;
    let output = play(&mut instance, &input, 512, &events)?;
    for (from, note) in [(0, 57.0), (3, 62.0), (6, 57.0)] {
        let part = from * second + latency + 4_800..((from + 3) * second + latency).min(output.len());
        let cents = cents_from(note, &output[part])?;
        assert!(
            cents.abs() < 50.0,
            "from {from} s on: {cents} cents from note {note}"
        );
    }
    Ok(())
}

#[test]
fn notes_as_midi_or_events_give_equal_output_at_every_block_size() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(2.0)?;
    let set = [
        ("Notes set the pitch", 1.0),
        ("Note glide", 0.1),
        ("Pressure to ratio", 0.8),
    ];
    let render = |block, as_midi: bool| {
        let note = |on: bool, key: u8| match (as_midi, on) {
            (false, _) => Event::Note(on, key.into()),
            (true, true) => Event::Midi([0x90, key, 100]),
            // Released by a struck key without velocity, as many keyboards do it.
            (true, false) => Event::Midi([0x90, key, 0]),
        };
        let events = [
            (1_001, note(true, 60)),
            (20_003, note(true, 64)),
            (30_011, Event::Midi([0xE0, 0, 0x60])),
            (40_007, Event::Midi([0xD0, 90, 0])),
            (60_013, note(false, 64)),
            (80_001, note(false, 60)),
        ];
        play(&mut instance(&host, &set)?, &input, block, &events)
    };
    let reference = render(512, false)?;
    assert!(energy(&reference) > 0.1, "the output is silent");
    for (block, as_midi) in [(64, false), (4_096, false), (333, true)] {
        let output = render(block, as_midi)?;
        let first = reference
            .iter()
            .zip(&output)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(
            first, None,
            "blocks of {block}, MIDI {as_midi}: they differ from this sample on"
        );
    }
    let plain = play(&mut instance(&host, &set)?, &input, 512, &[])?;
    assert!(
        plain.iter().zip(&reference).any(|(a, b)| a != b),
        "the notes do nothing"
    );
    Ok(())
}

#[test]
fn notes_do_nothing_while_they_do_not_set_the_pitch() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(1.0)?;
    let with_notes = play(
        &mut instance(&host, &[])?,
        &input,
        512,
        &[(100, Event::Note(true, 60))],
    )?;
    let without = play(&mut instance(&host, &[])?, &input, 512, &[])?;
    assert!(
        with_notes
            .iter()
            .zip(&without)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
    Ok(())
}

#[test]
fn bend_and_pressure_set_their_parameters() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = instance(&host, &[])?;
    let events = [
        (10, Event::Midi([0xE0, 0x7F, 0x7F])),
        (20, Event::Midi([0xD0, 127, 0])),
    ];
    play(&mut instance, &[0.0; 512], 512, &events)?;
    assert!((instance.value("Pitch bend")? - 1.0).abs() < 0.001);
    assert!((instance.value("Pressure")? - 1.0).abs() < 0.001);
    Ok(())
}
