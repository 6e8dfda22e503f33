//! nice-plug's check of allocations: its feature `assert_process_allocs` aborts the process if `process`, `reset` or the
//! start of processing allocates or frees, in nice-plug's code or in the plugin's.
//!
//! The feature needs nice-plug's debug assertions, so it is enabled in a second build of the plugin (package
//! `tests/guarded`). The cases run in child processes, because a violation aborts them; one test shows that it does.

use anyhow::{Context as _, Result, ensure};
use std::cell::Cell;
use std::os::unix::process::ExitStatusExt as _;
use std::rc::Rc;
use voxmeld_core::selection::IndexRef;
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::host::{Automation, Host, Instance, Pace, Sizes};
use voxmeld_tests::raw_clap_host::{HostCall, RawClapHost};
use voxmeld_tests::signal::noise;
use voxmeld_tests::vst3::{Point, Vst3Instance};

const RATE_HZ: f64 = 48_000.0;
const MAX_BLOCK: u32 = 1_024;
const SIGABRT: i32 = 6;

/// A child process for a case of [`child`].
fn in_child(case: &str) -> Result<Child> {
    // The guarded build has no data folder.
    Ok(Child::new(module_path!(), case)?.env("VOXMELD_DATA", env::bundle()?.join("voxmeld.data")))
}

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "live" => live(),
        "render" => render(),
        "vst3" => vst3(),
        "allocating query" => query_inside_a_block(true),
        "query" => query_inside_a_block(false),
        _ => Ok(()),
    }
}

/// While the plugin reads a block's events, the host queries a parameter: its value, which is read from an atomic, or
/// also its text, for which the plugin allocates.
fn query_inside_a_block(as_text: bool) -> Result<()> {
    let host = RawClapHost::load(&env::guarded()?)?;
    let plugin = host.plugin();
    let id = plugin.params()?[0].1;
    plugin.text(id, 0.5)?;
    plugin.start(RATE_HZ, MAX_BLOCK)?;
    let queries = Rc::new(Cell::new(0));
    let count = queries.clone();
    host.on_call(move |plugin, call| {
        if call == HostCall::EventRead {
            count.set(count.get() + 1);
            let succeeded = plugin.value(id).is_ok() && (!as_text || plugin.text(id, 0.5).is_ok());
            assert!(succeeded, "the query failed");
        }
    });
    plugin.process(&[0.1; 480], &[(0, id, 0.5)])?;
    ensure!(queries.get() > 0, "the plugin did not read the event");
    plugin.stop()
}

#[test]
#[ignore = "run in stage `allocations in process`, with the guarded plugin"]
fn allocating_query_in_process_aborts_and_plain_query_does_not() -> Result<()> {
    let aborted = in_child("allocating query")?.run()?;
    assert_eq!(
        aborted.status.signal(),
        Some(SIGABRT),
        "not aborted: {}",
        aborted.output
    );
    in_child("query")?.expect_success()
}

#[test]
#[ignore = "run in stage `allocations in process`, with the guarded plugin"]
fn live_automation_swaps_and_restarts_allocate_nothing_in_process() -> Result<()> {
    in_child("live")?.expect_success()
}

#[test]
#[ignore = "run in stage `allocations in process`, with the guarded plugin"]
fn offline_render_with_automation_allocates_nothing_in_process() -> Result<()> {
    in_child("render")?.expect_success()
}

#[test]
#[ignore = "run in stage `allocations in process`, with the guarded plugin"]
fn vst3_automation_lines_allocate_nothing_in_process() -> Result<()> {
    in_child("vst3")?.expect_success()
}

/// All parameters, each several times, at their limits and between.
fn automation(instance: &Instance) -> Vec<Automation> {
    let names: Vec<&'static str> = instance
        .params()
        .iter()
        .map(|param| &*param.name.clone().leak())
        .collect();
    (0..12_u8)
        .flat_map(|step| {
            names.iter().map(move |&name| Automation {
                position: usize::from(step) * 3_777,
                name,
                part: f64::from(step % 4) / 3.0,
            })
        })
        .collect()
}

/// The session with another target of the default pack.
fn with_target(session: &[u8], target: &str) -> Result<Vec<u8>> {
    let (_, json) = session.split_at_checked(8).context("the state is too short")?;
    let mut state: serde_json::Value = serde_json::from_slice(json)?;
    let voice = state
        .pointer_mut("/fields/voice")
        .context("no voice in the state")?;
    let mut changed: serde_json::Value =
        serde_json::from_str(voice.as_str().context("the voice is not a text")?)?;
    changed["selection"]["index"] = serde_json::to_value(Some(IndexRef::Pack(target.to_owned())))?;
    *voice = changed.to_string().into();
    let json = serde_json::to_vec(&state)?;
    Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

/// From the loading of the voice on: automation of all parameters, random block sizes, bypass, a reset, swaps of the
/// target by restored sessions, another hop, blocks faster than the worker, and restarts.
fn live() -> Result<()> {
    let host = Host::load(&env::guarded()?)?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, MAX_BLOCK)?;
    let session = instance.save()?;
    let input = vec![noise(1, 48_000), noise(2, 48_000)];
    let automation = automation(&instance);
    for round in 0..8 {
        let sizes = Sizes::random(round, MAX_BLOCK as usize, 300);
        // Faster than real time the worker falls behind, as in a stall of several seconds.
        let pace = if round == 5 { Pace::Free } else { Pace::RealTime };
        let changes: &[Automation] = if round % 2 == 0 { &automation } else { &[] };
        for _ in 0..if round == 5 { 9 } else { 1 } {
            instance.play(&input, &sizes, changes, pace, RATE_HZ)?;
        }
        match round {
            0 => instance.reset()?,
            1 => instance.restore(&with_target(&session, "am_michael")?)?,
            2 => instance.set("Bypass", 1.0)?,
            3 => instance.restore(&with_target(&session, "af_heart")?)?,
            4 => instance.set("Hop", 1.0 / 6.0)?,
            6 => instance.restart()?,
            _ => {}
        }
    }
    instance.activate(44_100.0, MAX_BLOCK)?;
    instance.play(&input, &Sizes::all(441), &[], Pace::RealTime, 44_100.0)?;
    // A rate that is converted, and an unsupported one: silence.
    instance.activate(22_050.0, MAX_BLOCK)?;
    instance.play(&input, &Sizes::all(441), &automation, Pace::Free, 22_050.0)?;
    instance.activate(768_000.0, MAX_BLOCK)?;
    instance.play(&input, &Sizes::all(441), &automation, Pace::Free, 768_000.0)?;
    Ok(())
}

fn render() -> Result<()> {
    let host = Host::load(&env::guarded()?)?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(RATE_HZ, MAX_BLOCK)?;
    let input = vec![noise(1, 96_000), noise(2, 96_000)];
    let session = instance.save()?;
    let automation = automation(&instance);
    for target in ["am_michael", "af_heart"] {
        instance.restore(&with_target(&session, target)?)?;
        let sizes = Sizes::random(9, MAX_BLOCK as usize, 300);
        instance.play(&input, &sizes, &automation, Pace::Free, RATE_HZ)?;
    }
    Ok(())
}

/// Automation lines, a mono side chain, and output parameters.
fn vst3() -> Result<()> {
    const STEREO: u64 = 0b11;
    const MONO: u64 = 1 << 19;
    let mut vst3 = Vst3Instance::load_file(&env::guarded()?, 4_096, [STEREO, MONO], true)?;
    for (block, len) in [480, 1, 0, 4_096, 37, 4_096, 4_096, 1_000, 480]
        .into_iter()
        .enumerate()
    {
        let mut track = vec![noise(1, len), noise(2, len)];
        let mut side = vec![noise(3, len)];
        let value = if block % 2 == 0 { 0.2 } else { 0.9 };
        let last = i32::try_from(len)? - 1;
        let line: Vec<Point> = [(0, 0.5), (last, value)]
            .into_iter()
            .filter(|point| point.0 <= last && last > 0)
            .collect();
        let points = [("Blend ratio", line.clone()), ("Pitch shift", line)];
        vst3.process(&mut track, &mut side, &points)?;
    }
    Ok(())
}
