//! Engines and plugins are created and destroyed many times, at random moments: none hangs, and their threads, voices,
//! file descriptors and memory are freed.
//!
//! The cases run in child processes, which are killed if they hang.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "small counts"
)]

use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, PackRef, VoiceSelection};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::fake_voices::{VoiceCounter, slow_voice};
use voxmeld_tests::host::Host;
use voxmeld_tests::machine::{descriptors, resident_mib, threads};
use voxmeld_tests::rig::offline_48k;
use voxmeld_tests::say;
use voxmeld_tests::signal::{Random, noise};

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "engines" => engines(),
        "plugins" => plugins(),
        _ => Ok(()),
    }
}

#[test]
fn thousand_engines_dropped_at_work_leak_no_thread_voice_or_descriptor() -> Result<()> {
    Child::new(module_path!(), "engines")?.expect_success()
}

#[test]
fn forty_plugins_destroyed_while_loading_leak_no_thread() -> Result<()> {
    Child::new(module_path!(), "plugins")?.expect_success()
}

/// Threads of this process; waits for joined threads, which the system removes with a delay.
fn threads_after_joins(at_most: usize) -> usize {
    let started = Instant::now();
    while threads() > at_most && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(5));
    }
    threads()
}

/// A voice whose files are missing, so that loading fails.
fn missing_voice() -> VoiceSelection {
    let file = |name: &str| FileRef {
        path: name.into(),
        sha256: None,
        len_bytes: None,
    };
    VoiceSelection {
        pack: PackRef::None,
        encoder: Some(file("no/encoder.onnx")),
        synthesizer: Some(file("no/voice.onnx")),
        ..VoiceSelection::default()
    }
}

/// Creates an engine and drops it after random actions: blocks faster than real time (so that the worker
/// is busy), swaps, failing loads, stops and starts. The audio side is dropped before or after the engine.
fn use_one_engine(random: &mut Random, counter: &VoiceCounter) -> Result<()> {
    let mut engine = Engine::new();
    let handle = engine.handle();
    if random.index(4) > 0 {
        engine.use_voice(counter.voice());
    }
    let mut audio = None;
    let mut block = noise(random.bits(), 480);
    for _ in 0..random.index(8) {
        match random.index(6) {
            0 => {
                let setup = StreamSetup {
                    offline: false,
                    host_rate_hz: [48_000.0, 44_100.0, 22_050.0, 768_000.0][random.index(4)],
                    ..offline_48k()
                };
                audio = Some(engine.activate(setup)?);
            }
            1 => engine.deactivate(),
            2 => engine.use_voice(counter.voice()),
            3 => engine.use_voice(slow_voice(Duration::from_millis(2), 1)),
            4 => handle.load(missing_voice()),
            _ => {}
        }
        if audio.is_none() {
            audio = Some(engine.activate(StreamSetup {
                offline: false,
                ..offline_48k()
            })?);
        }
        for _ in 0..random.index(6) {
            if let Some(audio) = &mut audio {
                audio.process(&mut [&mut block], &BlockControls::default());
            }
        }
    }
    if random.index(2) == 0 {
        drop(audio);
        drop(engine);
    } else {
        drop(engine);
        // A host's last block may arrive after the engine has ended.
        if let Some(audio) = &mut audio {
            audio.process(&mut [&mut block], &BlockControls::default());
        }
    }
    // The editor may read the status after the engine has ended.
    let _ = handle.status();
    Ok(())
}

fn engines() -> Result<()> {
    const WARM_UP: usize = 200;
    const ENGINES: usize = 1_000;
    let counter = VoiceCounter::default();
    let mut random = Random::new(4);
    let before = threads();
    let mut first = (0, 0.0);
    for number in 1..=ENGINES {
        use_one_engine(&mut random, &counter)?;
        ensure!(
            threads_after_joins(before) == before,
            "engine {number}: threads leak"
        );
        ensure!(counter.alive() == 0, "engine {number}: voices leak");
        if number == WARM_UP {
            first = (descriptors(), resident_mib());
        }
    }
    let (open, mib) = (descriptors(), resident_mib());
    say(format!(
        "{ENGINES} engines: {before} threads before and after, {open} descriptors, {:.1} MiB after {WARM_UP}, {mib:.1} after all",
        first.1
    ));
    ensure!(open == first.0, "file descriptors leak");
    ensure!(mib - first.1 < 8.0, "memory leaks");
    Ok(())
}

/// The built plugin with the default voice: created, activated, and destroyed after a random time in which the voice is
/// loaded in part or completely.
fn plugins() -> Result<()> {
    const PLUGINS: u64 = 40;
    let host = Host::load_bundle()?;
    let mut random = Random::new(5);
    let mut after_first = 0;
    for number in 1..=PLUGINS {
        let mut instance = host.instance()?;
        for _ in 0..1 + random.index(2) {
            instance.activate(48_000.0, 480)?;
            instance.while_playing(|_| {
                std::thread::sleep(Duration::from_millis(random.index(150) as u64));
                Ok(true)
            })?;
            if random.index(2) == 0 {
                instance.deactivate();
            }
        }
        drop(instance);
        if number == 1 {
            // The libraries have now started the threads that they keep for the process.
            after_first = threads();
        }
        ensure!(
            threads_after_joins(after_first) <= after_first,
            "plugin {number}: threads leak"
        );
    }
    say(format!(
        "{PLUGINS} plugins: {after_first} threads before and after"
    ));
    Ok(())
}
