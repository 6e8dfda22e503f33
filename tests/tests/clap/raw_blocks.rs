//! Blocks with every combination of pointers that a host can pass: null, too few,
//! too many, shared, in place, double precision; and malformed event lists.
//! Buffers end at inaccessible pages. The cases run in child processes.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use anyhow::{Context, Result, ensure};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, clap_event_header, clap_event_param_value,
    clap_input_events,
};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process};
use std::ptr::{null, null_mut};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::fenced::Fenced;
use voxmeld_tests::raw_clap_host::{RawClapHost, RawPlugin};
use voxmeld_tests::signal::{Random, energy, noise};

mod ports;

use ports::{Channels, Port, block, id, input, load};

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;
const BLOCKS: usize = 120;

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "cases" => cases(),
        "fuzz" => fuzz(),
        "events" => events(),
        _ => Ok(()),
    }
}

#[test]
fn null_shared_and_double_precision_channels_give_equal_output() -> Result<()> {
    Child::new(module_path!(), "cases")?.expect_success()
}

#[test]
fn random_pointers_and_counts_give_finite_output_and_the_voice_returns() -> Result<()> {
    Child::new(module_path!(), "fuzz")?.expect_success()
}

#[test]
fn null_late_and_malformed_events_are_ignored_or_moved_and_valid_values_are_applied() -> Result<()> {
    Child::new(module_path!(), "events")?.expect_success()
}

/// A host's block: input ports, output ports, and the buffers of the two outputs.
type HostBlock = (Vec<Port>, Vec<Port>, [*mut f32; 2]);

fn render(make: impl Fn(&mut Channels) -> HostBlock, input: &[Vec<f32>; 2]) -> Result<[Vec<f32>; 2]> {
    let bare = load()?;
    let mut output = [Vec::new(), Vec::new()];
    let mut channels = Channels::new(BLOCK)?;
    for start in (0..input[0].len()).step_by(BLOCK) {
        for n in 0..2 {
            let given = &input[n][start..start + BLOCK];
            channels.ins[n].values().copy_from_slice(given);
            channels.side[n].values().fill(0.0);
            channels.outs[n].values().fill(f32::NAN);
            for (to, &from) in channels.doubles[n].values().iter_mut().zip(given) {
                *to = f64::from(from);
            }
        }
        let (mut ins, mut outs, places) = make(&mut channels);
        ensure!(
            block(&bare.plugin(), &mut ins, &mut outs, BLOCK)?,
            "the block is rejected"
        );
        for (n, (output, place)) in output.iter_mut().zip(places).enumerate() {
            if place.is_null() {
                // Double precision.
                let values = channels.doubles[2 + n].values();
                output.extend(values.iter().map(|&value| value as f32));
            } else {
                // SAFETY: one of the block's channels.
                output.extend_from_slice(unsafe { std::slice::from_raw_parts(place, BLOCK) });
            }
        }
    }
    Ok(output)
}

fn cases() -> Result<()> {
    let input = input()?;
    let plain = |channels: &mut Channels| -> HostBlock {
        let outs = channels.outs();
        let ins = vec![Port::of(&channels.ins()), Port::of(&channels.side())];
        (ins, vec![Port::of(&outs)], outs)
    };
    let expected = render(plain, &input)?;
    ensure!(energy(&expected[0]) > 1.0, "the output is silent");
    ensure!(expected[0] != expected[1], "the output channels are equal");
    let with_side = |side: Option<Port>| {
        move |channels: &mut Channels| -> HostBlock {
            let outs = channels.outs();
            let mut ins = vec![Port::of(&channels.ins())];
            ins.extend(side.clone());
            (ins, vec![Port::of(&outs)], outs)
        }
    };
    let sides = [
        ("no side chain", None),
        ("side chain: the array is null", Some(Port::null(2))),
        (
            "side chain: both channels are null",
            Some(Port::of(&[null_mut(), null_mut()])),
        ),
        ("side chain: no channels", Some(Port::of(&[]))),
        ("side chain: one channel, null", Some(Port::of(&[null_mut()]))),
        ("side chain: six channels, null", Some(Port::of(&[null_mut(); 6]))),
    ];
    for (what, side) in sides {
        ensure!(render(with_side(side), &input)? == expected, "{what}");
    }
    let placed = |at: fn(&mut Channels) -> [*mut f32; 2]| {
        move |channels: &mut Channels| -> HostBlock {
            let outs = at(channels);
            let ins = vec![Port::of(&channels.ins()), Port::of(&channels.side())];
            (ins, vec![Port::of(&outs)], outs)
        }
    };
    ensure!(render(placed(Channels::ins), &input)? == expected, "in place");
    let crossed = render(
        placed(|channels| {
            let [left, right] = channels.ins();
            [right, left]
        }),
        &input,
    )?;
    ensure!(crossed == expected, "in place, channels crossed");
    let on_side = render(placed(Channels::side), &input);
    ensure!(on_side? == expected, "on the side chain's channels");
    let shared = render(
        placed(|channels| {
            let [left, _] = channels.outs();
            [left, left]
        }),
        &input,
    )?;
    ensure!(shared[0] == expected[0], "one buffer for both outputs");
    let doubles = render(
        |channels| {
            let [a, b, c, d] = channels.doubles.each_mut().map(Fenced::pointer);
            let ins = vec![Port::double(&[a, b]), Port::null(2)];
            (ins, vec![Port::double(&[c, d])], [null_mut(); 2])
        },
        &input,
    )?;
    ensure!(doubles == expected, "double precision");
    let masked = render(
        |channels| {
            let (mut ins, mut outs, places) = plain(channels);
            ins.iter_mut()
                .chain(&mut outs)
                .for_each(|port| port.mask = u64::MAX);
            (ins, outs, places)
        },
        &input,
    )?;
    ensure!(masked == expected, "constant masks");
    more_and_fewer_channels(&input, &expected)
}

/// With six channels in and out, two are used and the others are silenced. With one input
/// channel, the other one counts as silent.
fn more_and_fewer_channels(input: &[Vec<f32>; 2], expected: &[Vec<f32>; 2]) -> Result<()> {
    let mut extra = Fenced::new(BLOCK, 0.7_f32)?;
    let rest = extra.pointer();
    let surround = render(
        |channels| {
            let [left, right] = channels.ins();
            let outs = channels.outs();
            let ins = Port::of(&[left, right, rest, rest, rest, rest]);
            let out = Port::of(&[outs[0], outs[1], rest, rest, rest, rest]);
            (vec![ins], vec![out], outs)
        },
        input,
    )?;
    ensure!(&surround == expected, "six channels");
    ensure!(
        extra.values().iter().all(|&x| x == 0.0),
        "the other four are not silent"
    );
    let mono = [input[0].clone(), vec![0.0; input[0].len()]];
    let silent = render(
        |channels| {
            let outs = channels.outs();
            (vec![Port::of(&channels.ins())], vec![Port::of(&outs)], outs)
        },
        &mono,
    )?;
    for right in [None, Some(null_mut())] {
        let single = render(
            |channels| {
                let outs = channels.outs();
                let mut ins = vec![channels.ins()[0]];
                ins.extend(right);
                (vec![Port::of(&ins)], vec![Port::of(&outs)], outs)
            },
            input,
        )?;
        ensure!(single == silent, "a missing channel does not count as silent");
    }
    Ok(())
}

/// A random port; each channel is one of `singles` or `doubles`, or null.
fn any_port(random: &mut Random, singles: &mut [Fenced<f32>], doubles: &mut [Fenced<f64>]) -> Port {
    let count = [0, 1, 2, 2, 2, 3, 6][random.index(7)];
    let mut port = Port {
        channels: count as u32,
        mask: random.bits(),
        ..Port::default()
    };
    let (present, null_in) = (random.index(8), random.index(3));
    let is_null = |random: &mut Random| null_in == 0 && random.index(2) == 0;
    if present > 0 {
        let any = |random: &mut Random| {
            let channel = singles[random.index(singles.len())].pointer();
            if is_null(random) { null_mut() } else { channel }
        };
        let mut any = any;
        port.singles = Some((0..count).map(|_| any(random)).collect());
    }
    if present < 2 {
        let mut any = |random: &mut Random| {
            let channel = doubles[random.index(doubles.len())].pointer();
            if is_null(random) { null_mut() } else { channel }
        };
        port.doubles = Some((0..count).map(|_| any(random)).collect());
    }
    port
}

fn fuzz() -> Result<()> {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let bare = load()?;
        let plug = bare.plugin();
        for n in 0..400 {
            let len = [0, 1, 7, 64, BLOCK - 1, BLOCK, BLOCK, BLOCK][random.index(8)];
            // Few buffers, so that channels share them.
            let mut singles = (0..4)
                .map(|_| Fenced::new(len, 0.1_f32))
                .collect::<Result<Vec<_>>>()?;
            let mut doubles = (0..3)
                .map(|_| Fenced::new(len, 0.1_f64))
                .collect::<Result<Vec<_>>>()?;
            let ports = |random: &mut Random, singles: &mut [_], doubles: &mut [_]| -> Vec<Port> {
                let count = random.index(4);
                (0..count).map(|_| any_port(random, singles, doubles)).collect()
            };
            let mut ins = ports(&mut random, &mut singles, &mut doubles);
            let mut outs = ports(&mut random, &mut singles, &mut doubles);
            block(&plug, &mut ins, &mut outs, len).with_context(|| format!("seed {seed}, block {n}"))?;
            let written = singles.iter_mut().flat_map(|channel| channel.values().iter());
            ensure!(
                written.into_iter().all(|x| x.is_finite()),
                "seed {seed}, block {n}: the output is not finite"
            );
        }
        ensure!(plug.process_raw(null())? == CLAP_PROCESS_ERROR);
        let mut output = Vec::new();
        for piece in input()?[0].chunks(BLOCK) {
            output.extend(plug.process(piece, &[])?);
        }
        ensure!(energy(&output) > 1.0, "seed {seed}: the voice is silent");
        plug.stop()?;
    }
    Ok(())
}

/// Lists whose context is an array of pointers to events.
unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: the test's own list, alive during the call.
    unsafe { (*(*list).ctx.cast::<Vec<*const clap_event_header>>()).len() as u32 }
}

unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: as above.
    unsafe { (&(*(*list).ctx.cast::<Vec<*const clap_event_header>>()))[index as usize] }
}

fn value_event(time: u32, param_id: u32, value: f64, size: u32) -> clap_event_param_value {
    clap_event_param_value {
        header: clap_event_header {
            size,
            time,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: CLAP_EVENT_PARAM_VALUE,
            flags: 0,
        },
        param_id,
        cookie: null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    }
}

fn events() -> Result<()> {
    const WHOLE: u32 = size_of::<clap_event_param_value>() as u32;
    let bare = load()?;
    let plug = bare.plugin();
    let (ratio, _) = id(&plug, "Blend ratio")?;
    // A header without the data of its event type: the bytes after it must not be read.
    let mut short = Fenced::new(1, value_event(3, ratio, 0.0, 0).header)?;
    short.values()[0].size = size_of::<clap_event_header>() as u32;
    let early = value_event(10, ratio, 0.25, WHOLE);
    let late = value_event(BLOCK as u32 + 5_000, ratio, 0.5, WHOLE);
    let mut given: Vec<*const clap_event_header> = vec![
        null(),
        short.pointer(),
        &raw const early.header,
        null(),
        &raw const late.header,
    ];
    let list = clap_input_events {
        ctx: (&raw mut given).cast(),
        size: Some(size),
        get: Some(get),
    };
    let no_get = clap_input_events { get: None, ..list };
    let no_size = clap_input_events { size: None, ..list };
    let process = |list: *const clap_input_events, len: usize| -> Result<f64> {
        plug.flush(&[(ratio, 0.0)])?;
        let mut channels = Channels::new(len)?;
        let (mut ins, mut outs) = (Port::of(&channels.ins()), Port::of(&channels.outs()));
        let (ins, mut outs) = (ins.buffer(), outs.buffer());
        let block = clap_process {
            steady_time: -1,
            frames_count: len as u32,
            transport: null(),
            audio_inputs: &raw const ins,
            audio_outputs: &raw mut outs,
            audio_inputs_count: 1,
            audio_outputs_count: 1,
            in_events: list,
            out_events: null(),
        };
        plug.process_raw(&raw const block)?;
        plug.value(ratio)
    };
    for len in [BLOCK, 1, 0] {
        for incomplete in [&raw const no_get, &raw const no_size, null()] {
            ensure!(
                process(incomplete, len)? == 0.0,
                "an incomplete list sets a value"
            );
            plug.flush_raw(incomplete)?;
        }
        let is = process(&raw const list, len)?;
        ensure!(
            (is - 0.5).abs() < 1e-6,
            "block of {len}: {is}, not the late event's value"
        );
        plug.flush(&[(ratio, 0.0)])?;
        plug.flush_raw(&raw const list)?;
        let is = plug.value(ratio)?;
        ensure!((is - 0.5).abs() < 1e-6, "flush: {is}");
    }
    plug.stop()
}
