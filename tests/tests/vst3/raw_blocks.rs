//! Blocks with every combination of pointers that a VST3 host can pass: null, too
//! few, too many, shared, in place, double precision. Buffers end at inaccessible
//! pages. The cases run in child processes.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use anyhow::{Context, Result, ensure};
use std::ffi::c_void;
use std::ptr::null_mut;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::fenced::Fenced;
use voxmeld_tests::signal::{Random, energy, noise};
use voxmeld_tests::vst3::{RawBlock, RawBus, Vst3Instance, changes};
use vst3::Steinberg::Vst::{IAudioProcessorTrait, ProcessSetup};

const STEREO: u64 = 0b11;
const BLOCK: usize = 480;
const BLOCKS: usize = 120;
const OFFLINE: i32 = 2;
const DOUBLE: i32 = 1;

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "cases" => cases(),
        "fuzz" => fuzz(),
        _ => Ok(()),
    }
}

#[test]
fn null_and_shared_channels_give_equal_output() -> Result<()> {
    Child::new(module_path!(), "cases")?.expect_success()
}

#[test]
fn random_pointers_and_counts_give_finite_output_and_the_voice_returns() -> Result<()> {
    Child::new(module_path!(), "fuzz")?.expect_success()
}

/// Half dry, so that both channels affect the output; the side chain lowers the ratio.
fn load() -> Result<Vst3Instance> {
    let vst3 = Vst3Instance::load(BLOCK, STEREO, STEREO)?;
    let set = |title, value| Ok::<_, anyhow::Error>((vst3.param_id(title)?, vec![(0, value)]));
    let mut flush = RawBlock {
        mode: OFFLINE,
        changes: Some(changes(&[set("Dry/wet", 0.5)?, set("Side to ratio", 0.0)?])?),
        ..RawBlock::default()
    };
    ensure!(flush.process(vst3.processor()).0 == 0, "flush");
    Ok(vst3)
}

fn input() -> Result<[Vec<f32>; 2]> {
    let len = BLOCK * BLOCKS;
    let speech = Sound::read(&env::sample_speech()?)?.part(0.1, 1.4);
    let mut left = speech.at_rate(48_000)?.samples;
    left.resize(len, 0.0);
    Ok([left, noise(3, len)])
}

/// A host's block: input buses, output buses, and the buffers of the two outputs.
type HostBlock = (Vec<RawBus>, Vec<RawBus>, [*mut f32; 2]);

/// Buffers of two channels of the track, two of the side chain, and two more.
type Places = [*mut f32; 6];

fn render(make: impl Fn(Places) -> HostBlock, input: &[Vec<f32>; 2]) -> Result<[Vec<f32>; 2]> {
    let vst3 = load()?;
    let mut output = [Vec::new(), Vec::new()];
    let mut channels = (0..6)
        .map(|_| Fenced::new(BLOCK, 0.0_f32))
        .collect::<Result<Vec<_>>>()?;
    for start in (0..input[0].len()).step_by(BLOCK) {
        for (n, channel) in channels.iter_mut().enumerate() {
            match n {
                0 | 1 => channel.values().copy_from_slice(&input[n][start..start + BLOCK]),
                2 | 3 => channel.values().fill(0.0),
                _ => channel.values().fill(f32::NAN),
            }
        }
        let places: Vec<_> = channels.iter_mut().map(Fenced::pointer).collect();
        let (inputs, outputs, outs) = make(places.try_into().ok().context("six")?);
        let mut block = RawBlock {
            mode: OFFLINE,
            samples: i32::try_from(BLOCK)?,
            inputs,
            outputs,
            ..RawBlock::default()
        };
        let (answer, flags) = block.process(vst3.processor());
        ensure!(answer == 0, "the block is rejected");
        ensure!(flags.iter().all(|&flags| flags == 0), "marked as silent");
        for (output, out) in output.iter_mut().zip(outs) {
            // SAFETY: one of the block's channels.
            output.extend_from_slice(unsafe { std::slice::from_raw_parts(out, BLOCK) });
        }
    }
    Ok(output)
}

/// Chooses the buffers of the two outputs.
type Place = fn(Places) -> [*mut f32; 2];

fn cases() -> Result<()> {
    let input = input()?;
    let null = null_mut::<f32>();
    let plain = |side: Option<RawBus>, outs: fn(Places) -> [*mut f32; 2]| {
        move |at: Places| -> HostBlock {
            let mut ins = vec![RawBus::of(&at[..2])];
            ins.extend(side.clone());
            (ins, vec![RawBus::of(&outs(at))], outs(at))
        }
    };
    let apart = |at: Places| [at[4], at[5]];
    let expected = render(
        |at| {
            let ins = vec![RawBus::of(&at[..2]), RawBus::of(&at[2..4])];
            (ins, vec![RawBus::of(&at[4..])], [at[4], at[5]])
        },
        &input,
    )?;
    ensure!(energy(&expected[0]) > 1.0, "the output is silent");
    ensure!(expected[0] != expected[1], "the output channels are equal");
    let null_array = RawBus {
        count: 2,
        silence: 3,
        ..RawBus::default()
    };
    let sides = [
        ("no side chain", None),
        ("side chain: the array is null", Some(null_array)),
        (
            "side chain: both channels are null",
            Some(RawBus::of(&[null, null])),
        ),
        ("side chain: no channels", Some(RawBus::default())),
        ("side chain: one channel, null", Some(RawBus::of(&[null]))),
        ("side chain: six channels, null", Some(RawBus::of(&[null; 6]))),
    ];
    for (what, side) in sides {
        ensure!(render(plain(side, apart), &input)? == expected, "{what}");
    }
    let in_place: [(&str, Place); 3] = [
        ("in place", |at| [at[0], at[1]]),
        ("in place, channels crossed", |at| [at[1], at[0]]),
        ("on the side chain's channels", |at| [at[2], at[3]]),
    ];
    for (what, outs) in in_place {
        let output = render(
            move |at| {
                let ins = vec![RawBus::of(&at[..2]), RawBus::of(&at[2..4])];
                (ins, vec![RawBus::of(&outs(at))], outs(at))
            },
            &input,
        )?;
        ensure!(output == expected, "{what}");
    }
    let shared = render(plain(None, |at| [at[4], at[4]]), &input)?;
    ensure!(shared[0] == expected[0], "one buffer for both outputs");
    let surround = render(
        |at| {
            let ins = vec![RawBus::of(&[at[0], at[1], at[2], at[2], at[2], at[2]])];
            let outs = RawBus::of(&[at[4], at[5], at[3], null, at[3], at[3]]);
            (ins, vec![outs], [at[4], at[5]])
        },
        &input,
    )?;
    ensure!(surround == expected, "six channels");
    Ok(())
}

fn any_bus(random: &mut Random, channels: &[*mut c_void]) -> RawBus {
    let count = [-1, 0, 1, 2, 2, 2, 3, 6][random.index(8)];
    let with_null = random.index(3) == 0;
    let mut channel = || {
        if with_null && random.index(2) == 0 {
            null_mut()
        } else {
            channels[random.index(channels.len())]
        }
    };
    let pointers = (0..count.max(0)).map(|_| channel()).collect();
    RawBus {
        channels: (random.index(8) > 0).then_some(pointers),
        count,
        silence: random.bits(),
    }
}

fn fuzz() -> Result<()> {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let mut vst3 = load()?;
        for n in 0..400 {
            let len = [0, 1, 7, 64, BLOCK - 1, BLOCK, BLOCK, BLOCK][random.index(8)];
            // Few buffers, so that channels share them; large enough for both precisions.
            let mut channels = (0..4)
                .map(|_| Fenced::new(len, 0.1_f64))
                .collect::<Result<Vec<_>>>()?;
            let pointers: Vec<*mut c_void> = channels
                .iter_mut()
                .map(|channel| channel.pointer().cast())
                .collect();
            let double = random.index(6) == 0;
            if !double {
                for &pointer in &pointers {
                    // SAFETY: half of the buffer.
                    unsafe { std::slice::from_raw_parts_mut(pointer.cast::<f32>(), len) }.fill(0.1);
                }
            }
            let buses = |random: &mut Random| -> Vec<RawBus> {
                let count = random.index(4);
                (0..count).map(|_| any_bus(random, &pointers)).collect()
            };
            let mut block = RawBlock {
                mode: OFFLINE,
                sample_size: if double { DOUBLE } else { 0 },
                samples: i32::try_from(len)?,
                inputs: buses(&mut random),
                outputs: buses(&mut random),
                ..RawBlock::default()
            };
            let (_, flags) = block.process(vst3.processor());
            ensure!(flags.iter().all(|&flags| flags == 0), "marked as silent");
            for &pointer in &pointers {
                let finite = if double {
                    // SAFETY: the whole buffer.
                    unsafe { std::slice::from_raw_parts(pointer.cast::<f64>(), len) }
                        .iter()
                        .all(|x| x.is_finite())
                } else {
                    // SAFETY: half of the buffer.
                    unsafe { std::slice::from_raw_parts(pointer.cast::<f32>(), len) }
                        .iter()
                        .all(|x| x.is_finite())
                };
                ensure!(finite, "seed {seed}, block {n}: the output is not finite");
            }
        }
        let mut output = Vec::new();
        for piece in input()?[0].chunks(BLOCK) {
            let mut track = vec![piece.to_vec(); 2];
            let mut side = vec![vec![0.0; piece.len()]; 2];
            vst3.process(&mut track, &mut side, &[])?;
            output.append(&mut track[0]);
        }
        ensure!(energy(&output) > 1.0, "seed {seed}: the voice is silent");
    }
    Ok(())
}

/// The speaker's own voice must not remain in the buffers of a host that ignores result codes.
#[test]
fn double_precision_is_rejected_and_its_blocks_are_silent() -> Result<()> {
    let vst3 = load()?;
    let mut setup = ProcessSetup {
        processMode: OFFLINE,
        symbolicSampleSize: DOUBLE,
        maxSamplesPerBlock: i32::try_from(BLOCK)?,
        sampleRate: 48_000.0,
    };
    // SAFETY: the setup outlives the call.
    unsafe {
        ensure!(vst3.processor().canProcessSampleSize(DOUBLE) != 0);
        ensure!(vst3.processor().setupProcessing(&raw mut setup) != 0);
    }
    let mut channels = [vec![0.3_f64; BLOCK], vec![0.3; BLOCK]];
    let bus = RawBus::of(&channels.each_mut().map(|channel| channel.as_mut_ptr()));
    let mut block = RawBlock {
        mode: OFFLINE,
        sample_size: DOUBLE,
        samples: i32::try_from(BLOCK)?,
        inputs: vec![bus.clone()],
        outputs: vec![bus],
        ..RawBlock::default()
    };
    ensure!(block.process(vst3.processor()).0 != 0, "the block is processed");
    ensure!(
        channels.iter().flatten().all(|&x| x == 0.0),
        "the input remains in the output"
    );
    Ok(())
}
