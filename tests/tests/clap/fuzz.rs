//! Random calls of a host: parameters at random samples up to their limits, and every other call that a host may make,
//! in any order. The output stays finite, and a later instance works.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Result, ensure};
use voxmeld_tests::host::{Host, Instance, ParamEvent};
use voxmeld_tests::signal::{Random, energy, noise};

const RATES_HZ: [f64; 6] = [44_100.0, 48_000.0, 96_000.0, 22_050.0, 48_000.5, 768_000.0];
const MAX_BLOCK: usize = 1_024;

/// Random events for a block, sorted by time.
fn events(instance: &Instance, random: &mut Random, len: usize) -> Vec<ParamEvent> {
    if len == 0 {
        return Vec::new();
    }
    let count = random.index(12);
    let mut events: Vec<ParamEvent> = (0..count)
        .map(|_| {
            let params = instance.params();
            let param = &params[random.index(params.len())];
            let part = match random.index(4) {
                0 => 0.0,
                1 => 1.0,
                _ => random.index(1_000) as f64 / 999.0,
            };
            ParamEvent {
                offset: random.index(len) as u32,
                id: param.id,
                value: param.at(part),
            }
        })
        .collect();
    events.sort_by_key(|event| event.offset);
    events
}

fn process_random_block(instance: &mut Instance, random: &mut Random) -> Result<()> {
    let len = match random.index(6) {
        0 => 0,
        1 => MAX_BLOCK,
        _ => random.index(MAX_BLOCK),
    };
    let events = events(instance, random, len);
    let channels = instance.channels();
    let mut input = vec![noise(random.bits(), len); channels];
    if random.index(8) == 0 {
        input.iter_mut().for_each(|channel| channel.fill(0.0));
    }
    let mut output = vec![vec![0.0; len]; channels];
    let mut from: Vec<&mut [f32]> = input.iter_mut().map(|channel| &mut channel[..]).collect();
    let mut to: Vec<&mut [f32]> = output.iter_mut().map(|channel| &mut channel[..]).collect();
    instance.process(&mut from, &mut to, &events)?;
    // Samples that the plugin does not write are NaN: the host fills outputs with it.
    ensure!(
        output.iter().flatten().all(|x| x.is_finite()),
        "the output is not finite"
    );
    Ok(())
}

fn fuzz(host: &Host, seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut instance = host.instance()?;
    let mut saved = instance.save()?;
    instance.activate(48_000.0, MAX_BLOCK as u32)?;
    for _ in 0..250 {
        match random.index(40) {
            0 => instance.reset()?,
            1 => saved = instance.save()?,
            2 => instance.restore(&saved)?,
            3 => {
                let _ = instance.restore(&saved[..random.index(saved.len() + 1)]);
            }
            4 => instance.set_offline(random.index(2) == 0)?,
            5 => {
                let rate_hz = RATES_HZ[random.index(RATES_HZ.len())];
                instance.activate(rate_hz, MAX_BLOCK as u32)?;
            }
            6 if instance.restart_requested() => instance.restart()?,
            7 => {
                instance.latency()?;
                instance.set("Blend ratio", 0.5)?;
            }
            8 => {
                instance.deactivate();
                instance.use_channels(1 + random.index(2))?;
                instance.activate(48_000.0, MAX_BLOCK as u32)?;
            }
            _ => process_random_block(&mut instance, &mut random)?,
        }
    }
    Ok(())
}

#[test]
fn random_host_calls_give_finite_output() -> Result<()> {
    let host = Host::load_bundle()?;
    for seed in 0..4 {
        fuzz(&host, seed)?;
    }
    // A new instance works.
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, 480)?;
    let input = vec![noise(1, 48_000), noise(2, 48_000)];
    let sizes = voxmeld_tests::host::Sizes::all(480);
    let output = instance.play(&input, &sizes, &[], voxmeld_tests::host::Pace::Free, 48_000.0)?;
    assert!(energy(&output[0]) > 0.01, "the output is silent");
    Ok(())
}
