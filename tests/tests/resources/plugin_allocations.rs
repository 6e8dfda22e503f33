//! nice-plug's own watch over allocations: its feature `assert_process_allocs`
//! ends the process in which anything below `process`, `reset` and the start of
//! processing allocates or frees, in nice-plug itself as in what is ours.
//!
//! The feature works with nice-plug's debug assertions only, so it is in a second
//! build of the same plugin (package `tests/guarded`). Played in child processes,
//! because a violation ends them; first one is seen to do so.

use anyhow::{Context as _, Result, ensure};
use std::cell::Cell;
use std::os::unix::process::ExitStatusExt as _;
use std::rc::Rc;
use voxmeld_core::selection::IndexRef;
use voxmeld_tests::bare::{Bare, Call};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::host::{Automation, Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::noise;
use voxmeld_tests::vst3::{Point, Vst3};

const RATE_HZ: f64 = 48_000.0;
const MAX_BLOCK: u32 = 1_024;
const SIGABRT: i32 = 6;

/// For one of [`child`]'s cases.
fn in_a_child(case: &str) -> Result<Child> {
    // The guarded build lies beside no data of its own.
    Ok(Child::new(module_path!(), case)?.env("VOXMELD_DATA", env::bundle()?.join("voxmeld.data")))
}

#[test]
#[ignore = "played by other tests, in processes of their own"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "live" => live(),
        "render" => render(),
        "vst3" => vst3(),
        "allocation" => from_inside_of_a_block(true),
        "question" => from_inside_of_a_block(false),
        _ => Ok(()),
    }
}

/// While the plugin reads a block's events the host asks it for a value, which
/// is an atomic's, or for that value in words, for which it allocates.
fn from_inside_of_a_block(in_words: bool) -> Result<()> {
    let bare = Bare::load(&env::guarded()?)?;
    let plug = bare.plug();
    let id = plug.params()?[0].1;
    plug.text(id, 0.5)?;
    plug.start(RATE_HZ, MAX_BLOCK)?;
    let asked = Rc::new(Cell::new(0));
    let counted = asked.clone();
    bare.answer(move |plug, call| {
        if call == Call::EventRead {
            counted.set(counted.get() + 1);
            let answered = plug.value(id).is_ok() && (!in_words || plug.text(id, 0.5).is_ok());
            assert!(answered, "the plugin does not answer");
        }
    });
    plug.process(&[0.1; 480], &[(0, id, 0.5)])?;
    ensure!(asked.get() > 0, "the event was not read");
    plug.stop()
}

#[test]
#[ignore = "played in stage `allocations in process`, with the guarded plugin"]
fn allocation_in_process_is_seen() -> Result<()> {
    let ended = in_a_child("allocation")?.end()?;
    assert_eq!(ended.status.signal(), Some(SIGABRT), "not seen: {}", ended.said);
    in_a_child("question")?.passes()
}

#[test]
#[ignore = "played in stage `allocations in process`, with the guarded plugin"]
fn live_host_calls_allocate_nothing_in_process() -> Result<()> {
    in_a_child("live")?.passes()
}

#[test]
#[ignore = "played in stage `allocations in process`, with the guarded plugin"]
fn offline_render_allocates_nothing_in_process() -> Result<()> {
    in_a_child("render")?.passes()
}

#[test]
#[ignore = "played in stage `allocations in process`, with the guarded plugin"]
fn vst3_allocates_nothing_in_process() -> Result<()> {
    in_a_child("vst3")?.passes()
}

/// Every parameter, each a few times, to its ends and between.
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

/// A session in which another target of the default pack is chosen.
fn with_target(session: &[u8], target: &str) -> Result<Vec<u8>> {
    let (_, json) = session.split_at_checked(8).context("a state's length")?;
    let mut state: serde_json::Value = serde_json::from_slice(json)?;
    let voice = state.pointer_mut("/fields/voice").context("no voice")?;
    let mut chosen: serde_json::Value = serde_json::from_str(voice.as_str().context("a text")?)?;
    chosen["selection"]["index"] = serde_json::to_value(Some(IndexRef::Pack(target.to_owned())))?;
    *voice = chosen.to_string().into();
    let json = serde_json::to_vec(&state)?;
    Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

/// While the voice loads, with automation of everything, blocks of all sizes,
/// bypass, resets, a swap of the target and a restored session while it plays,
/// another hop, blocks so fast that the worker falls behind, and restarts.
fn live() -> Result<()> {
    let host = Host::load(&env::guarded()?)?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, MAX_BLOCK)?;
    let session = instance.save()?;
    let input = vec![noise(1, 48_000), noise(2, 48_000)];
    let automation = automation(&instance);
    for round in 0..8 {
        let sizes = Sizes::random(round, MAX_BLOCK as usize, 300);
        // As fast as they come the worker is left behind: a stall of seconds.
        let pace = if round == 5 { Pace::Free } else { Pace::RealTime };
        let moves: &[Automation] = if round % 2 == 0 { &automation } else { &[] };
        for _ in 0..if round == 5 { 9 } else { 1 } {
            instance.play(&input, &sizes, moves, pace, RATE_HZ)?;
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
    // A rate that is refused: silence, and no more.
    instance.activate(22_050.0, MAX_BLOCK)?;
    instance.play(&input, &Sizes::all(441), &automation, Pace::Free, 22_050.0)?;
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

/// Lines of automation, a side chain of other channels, and what is told.
fn vst3() -> Result<()> {
    const STEREO: u64 = 0b11;
    const MONO: u64 = 1 << 19;
    let mut vst3 = Vst3::load_file(&env::guarded()?, 4_096, [STEREO, MONO], true)?;
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
