//! Resources of further instances of the built plugin: the weights of the default voice exist once in the process, and an
//! instance without input takes almost no processor time.
//!
//! The cases run in child processes, because they measure the whole process.

use anyhow::{Result, ensure};
use std::time::Instant;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::machine::{counted_resident_mib, thread_cpu_seconds};
use voxmeld_tests::say;
use voxmeld_tests::signal::noise;

const RATE_HZ: f64 = 48_000.0;
/// Memory of a further instance.
const MOST_MIB: f64 = 12.0;

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "memory" => memory(),
        "silence" => silence(),
        "together" => together(),
        _ => Ok(()),
    }
}

#[test]
fn further_instances_of_the_default_voice_take_at_most_12_mib_each() -> Result<()> {
    Child::new(module_path!(), "memory")?.expect_success()
}

#[test]
fn an_instance_without_input_takes_less_than_2_percent_of_a_core() -> Result<()> {
    Child::new(module_path!(), "silence")?.expect_success()
}

#[test]
fn four_instances_that_run_the_same_models_at_once_sound_as_one_alone() -> Result<()> {
    Child::new(module_path!(), "together")?.expect_success()
}

fn active(host: &Host) -> Result<Instance> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, 480)?;
    Ok(instance)
}

/// A render, which waits for the voice.
fn render(instance: &mut Instance, seconds: usize) -> Result<Vec<f32>> {
    let input = vec![noise(3, seconds * 48_000); 2];
    let mut output = instance.play(&input, &Sizes::all(480), &[], Pace::Free, RATE_HZ)?;
    Ok(output.swap_remove(0))
}

fn memory() -> Result<()> {
    let host = Host::load_bundle()?;
    let before = counted_resident_mib();
    let mut instances = Vec::new();
    let mut used = Vec::new();
    for count in 1..=4 {
        let mut instance = active(&host)?;
        render(&mut instance, 1)?;
        instances.push(instance);
        used.push(counted_resident_mib() - before);
        say(format!("{count} instances: {:.1} MiB", used[count - 1]));
    }
    let each = (used[3] - used[0]) / 3.0;
    say(format!("a further instance: {each:.1} MiB"));
    ensure!(each <= MOST_MIB, "{each:.1} MiB each: {used:?}");
    Ok(())
}

fn silence() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = active(&host)?;
    render(&mut instance, 1)?;
    instance.set_offline(false)?;
    let mut play = |seconds: usize| {
        let input = vec![vec![0.0; seconds * 48_000]; 2];
        instance.play(&input, &Sizes::all(480), &[], Pace::RealTime, RATE_HZ)
    };
    play(5)?;
    let (before, began) = (thread_cpu_seconds("voxmeld worker"), Instant::now());
    play(10)?;
    let used = thread_cpu_seconds("voxmeld worker") - before;
    let share = used / began.elapsed().as_secs_f64();
    say(format!("{:.2} % of a core in silence", 100.0 * share));
    ensure!(used > 0.0, "the worker was not found");
    ensure!(share < 0.02, "{:.2} % of a core", 100.0 * share);
    Ok(())
}

fn together() -> Result<()> {
    let host = Host::load_bundle()?;
    let alone = render(&mut active(&host)?, 3)?;
    ensure!(alone.iter().any(|&sample| sample != 0.0), "the voice is silent");
    let mut instances = Vec::new();
    for _ in 0..4 {
        let mut instance = active(&host)?;
        render(&mut instance, 1)?;
        instance.reset()?;
        instances.push(instance);
    }
    // Block by block in turn, so that all workers compute at the same time.
    let mut outputs = vec![Vec::new(); instances.len()];
    let input = noise(3, 3 * 48_000);
    for block in input.chunks(480) {
        for (instance, output) in instances.iter_mut().zip(&mut outputs) {
            let (mut from, mut to) = (vec![block.to_vec(); 2], vec![vec![0.0; block.len()]; 2]);
            let mut from: Vec<&mut [f32]> = from.iter_mut().map(Vec::as_mut_slice).collect();
            let mut to: Vec<&mut [f32]> = to.iter_mut().map(Vec::as_mut_slice).collect();
            instance.process(&mut from, &mut to, &[])?;
            output.extend_from_slice(to[0]);
        }
    }
    for (number, output) in outputs.iter().enumerate() {
        ensure!(*output == alone, "instance {number} differs");
    }
    Ok(())
}
