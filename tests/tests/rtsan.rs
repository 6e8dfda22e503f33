//! RealtimeSanitizer on the audio thread: of the built, unmodified plugin in a CLAP host, and of
//! the engine alone with faults and swaps.
//!
//! `cargo xtask test` runs this with the sanitizer of the Rust toolchain linked in
//! (`RTSAN_ENABLE`, `RTSAN_LIB_PATH`). A violation ends the process. The sanitizer does not
//! detect `std::thread::sleep` (`clock_nanosleep`); lints do.

use anyhow::{Context, Result};
use std::process::Command;
use std::time::Duration;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_tests::fake_voices::{FaultKind, fault_injector};
use voxmeld_tests::host::{Automation, Clock, Host, Pace, Sizes, in_realtime_context};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;

/// Run by the next test in child processes: each case is an operation that the audio thread must
/// not do, except reading the clock.
#[test]
#[ignore = "run by other tests in child processes"]
fn violation() {
    let case = std::env::var("VOXMELD_VIOLATION").unwrap_or_default();
    let lock = parking_lot::Mutex::new(());
    match case.as_str() {
        "allocation" => in_realtime_context(|| drop(std::hint::black_box(vec![0_u8; 4_096]))),
        "file" => in_realtime_context(|| drop(std::hint::black_box(std::fs::File::open("Cargo.toml")))),
        "contended lock" => {
            let guard = lock.lock();
            std::thread::scope(|scope| {
                scope.spawn(|| in_realtime_context(|| drop(lock.lock())));
                std::thread::sleep(Duration::from_millis(200));
                drop(guard);
            });
        }
        // Allowed: reading the monotonic clock is not a system call.
        "clock" => {
            in_realtime_context(|| std::hint::black_box(std::time::Instant::now()));
        }
        _ => {}
    }
}

#[test]
fn allocation_file_and_contended_lock_are_reported_and_clock_is_not() -> Result<()> {
    let program = std::env::current_exe().context("the path of this program is not known")?;
    for (what, allowed) in [
        ("allocation", false),
        ("file", false),
        ("contended lock", false),
        ("clock", true),
    ] {
        let output = Command::new(&program)
            .args(["--ignored", "--exact", "violation"])
            .env("VOXMELD_VIOLATION", what)
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), allowed, "{what}: {stderr}");
        assert_eq!(stderr.contains("RealtimeSanitizer"), !allowed, "{what}: {stderr}");
    }
    Ok(())
}

/// From the first block on, while the voice is being loaded; with automation, random block sizes, a
/// reset, a restored session, and another hop.
#[test]
fn built_plugin_with_automation_and_resets_has_no_violation() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, 1_024)?;
    let state = instance.save()?;
    let input = vec![noise(1, 48_000), noise(2, 48_000)];
    let names = [
        "Blend ratio",
        "Pitch shift",
        "Dry/wet",
        "Bypass",
        "Neighbours",
        "Probes",
    ];
    let automation: Vec<Automation> = (0..40)
        .flat_map(|step| {
            names.map(|name| Automation {
                position: step * 1_111,
                name,
                part: f64::from(u8::try_from(step % 5).unwrap_or(0)) / 4.0,
            })
        })
        .collect();
    for round in 0..4 {
        let sizes = Sizes::random(round, 1_024, 300);
        instance.play(&input, &sizes, &automation, Pace::RealTime, RATE_HZ)?;
        match round {
            0 => instance.reset()?,
            1 => instance.restore(&state)?,
            2 => instance.set("Hop", 1.0 / 6.0)?,
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn engine_with_failing_and_swapped_voices_has_no_violation() -> Result<()> {
    let (voice, switch) = fault_injector();
    let setup = StreamSetup {
        offline: false,
        ..offline_48k()
    };
    let mut rig = Rig::with_voice(setup, voice)?;
    let faults = [
        FaultKind::None,
        FaultKind::NotANumber,
        FaultKind::None,
        // Longer than the rings, so that input is dropped.
        FaultKind::Stalled,
        FaultKind::Stalled,
        FaultKind::Stalled,
        FaultKind::None,
        FaultKind::Error,
        FaultKind::None,
    ];
    let mut block = noise(1, BLOCK);
    let mut clock = Clock::start(RATE_HZ);
    for step in 0..100 * faults.len() {
        switch.set(faults[step / 100]);
        if step == 250 || step == 850 {
            rig.engine().use_voice(pass_through_voice());
        }
        clock.wait_for((step + 1) * BLOCK);
        let controls = BlockControls {
            bypass: step % 60 == 59,
            ..BlockControls::default()
        };
        let audio = rig.audio();
        in_realtime_context(|| {
            audio.process(&mut [&mut block], &controls);
            if step % 170 == 169 {
                audio.reset();
            }
        });
    }
    Ok(())
}
