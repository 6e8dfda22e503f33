//! Beginnings and ends of engines and plugins, a great many and at any moment:
//! none hangs, and nothing of them is left.
//!
//! Each test plays in a child process that is ended from outside when it hangs.
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
use voxmeld_tests::host::Host;
use voxmeld_tests::machine::{descriptors, resident_mib, threads};
use voxmeld_tests::rig::offline_48k;
use voxmeld_tests::say;
use voxmeld_tests::signal::{Random, noise};
use voxmeld_tests::voices::{Census, slow};

#[test]
#[ignore = "played by other tests, in processes of their own"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "engines" => engines(),
        "plugins" => plugins(),
        _ => Ok(()),
    }
}

#[test]
fn thousand_engines_ended_mid_work_leave_no_thread_voice_or_descriptor() -> Result<()> {
    Child::new(module_path!(), "engines")?.passes()
}

#[test]
fn forty_plugins_ended_while_loading_leave_no_thread() -> Result<()> {
    Child::new(module_path!(), "plugins")?.passes()
}

/// Threads of this process once all that were joined have gone.
fn threads_at_rest(at_most: usize) -> usize {
    let began = Instant::now();
    while threads() > at_most && began.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    threads()
}

/// A voice from files that are not there: the loader looks, and says so.
fn nowhere() -> VoiceSelection {
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

/// One engine's life: blocks so fast that hops are always under way, swaps, loads
/// that fail, stops and starts, and an end at any point of it, with the audio
/// side gone before or after the engine.
fn life(random: &mut Random, census: &Census) -> Result<()> {
    let mut engine = Engine::new();
    let handle = engine.handle();
    if random.index(4) > 0 {
        engine.use_voice(census.voice());
    }
    let mut audio = None;
    let mut block = noise(random.bits(), 480);
    for _ in 0..random.index(8) {
        match random.index(6) {
            0 => {
                let setup = StreamSetup {
                    offline: false,
                    host_rate_hz: [48_000.0, 44_100.0, 22_050.0][random.index(3)],
                    ..offline_48k()
                };
                audio = Some(engine.activate(setup)?);
            }
            1 => engine.deactivate(),
            2 => engine.use_voice(census.voice()),
            3 => engine.use_voice(slow(Duration::from_millis(2), 1)),
            4 => handle.load(nowhere()),
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
        // The host's last block may come late.
        if let Some(audio) = &mut audio {
            audio.process(&mut [&mut block], &BlockControls::default());
        }
    }
    // The editor may ask once more.
    let _ = handle.status();
    Ok(())
}

fn engines() -> Result<()> {
    const FIRST: usize = 200;
    const LIVES: usize = 1_000;
    let census = Census::default();
    let mut random = Random::new(4);
    let before = threads();
    let mut first = (0, 0.0);
    for number in 1..=LIVES {
        life(&mut random, &census)?;
        ensure!(
            threads_at_rest(before) == before,
            "life {number}: threads are left"
        );
        ensure!(census.alive() == 0, "life {number}: voices are left");
        if number == FIRST {
            first = (descriptors(), resident_mib());
        }
    }
    let (open, mib) = (descriptors(), resident_mib());
    say(format!(
        "{LIVES} engines: {before} threads before and after, {open} descriptors, {:.1} MiB after {FIRST}, {mib:.1} after all",
        first.1
    ));
    ensure!(open == first.0, "descriptors are left open");
    ensure!(mib - first.1 < 8.0, "memory is left");
    Ok(())
}

/// The built plugin with the real voice: created, activated, destroyed after a
/// moment that is long enough for a part of loading, or for all of it.
fn plugins() -> Result<()> {
    const LIVES: u64 = 40;
    let host = Host::load_bundle()?;
    let mut random = Random::new(5);
    let mut after_first = 0;
    for number in 1..=LIVES {
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
            // What the libraries below keep for the process is there now.
            after_first = threads();
        }
        ensure!(
            threads_at_rest(after_first) <= after_first,
            "plugin {number}: threads are left"
        );
    }
    say(format!(
        "{LIVES} plugins: {} threads before and after",
        after_first
    ));
    Ok(())
}
