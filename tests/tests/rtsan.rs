//! RealtimeSanitizer on the audio thread: of the built, unmodified plugin in
//! a CLAP host, and of the engine by itself while it is treated badly.
//!
//! `cargo xtask test` runs this with the sanitizer of the Rust toolchain
//! linked in (`RTSAN_ENABLE`, `RTSAN_LIB_PATH`). A violation ends the program.
//! It does not see `std::thread::sleep` (`clock_nanosleep`): lints do.

use anyhow::{Context, Result};
use std::process::Command;
use std::time::Duration;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_tests::host::{Automation, Clock, Host, Pace, Sizes, watched};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;
use voxmeld_tests::voices::{FaultKind, fault_injector};

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;

/// What the next test wants to see ended; each is one thing that code on the
/// audio thread must not do.
#[test]
#[ignore = "played by other tests, in processes of their own"]
fn violation() {
    let what = std::env::var("VOXMELD_VIOLATION").unwrap_or_default();
    let held = parking_lot::Mutex::new(());
    match what.as_str() {
        "allocation" => watched(|| drop(std::hint::black_box(vec![0_u8; 4_096]))),
        "file" => watched(|| drop(std::hint::black_box(std::fs::File::open("Cargo.toml")))),
        "contended lock" => {
            let guard = held.lock();
            std::thread::scope(|scope| {
                scope.spawn(|| watched(|| drop(held.lock())));
                std::thread::sleep(Duration::from_millis(200));
                drop(guard);
            });
        }
        // The monotonic clock is read without a system call, and is allowed.
        "clock" => {
            watched(|| std::hint::black_box(std::time::Instant::now()));
        }
        _ => {}
    }
}

#[test]
fn allocation_file_and_lock_violations_are_reported() -> Result<()> {
    let myself = std::env::current_exe().context("this program has a place")?;
    for (what, allowed) in [
        ("allocation", false),
        ("file", false),
        ("contended lock", false),
        ("clock", true),
    ] {
        let output = Command::new(&myself)
            .args(["--ignored", "--exact", "violation"])
            .env("VOXMELD_VIOLATION", what)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), allowed, "{what}: {said}");
        assert_eq!(said.contains("RealtimeSanitizer"), !allowed, "{what}: {said}");
    }
    Ok(())
}

/// From the first block on, while the voice is being loaded, and then with
/// automation, blocks of all sizes, resets, another hop asked for, and a
/// session that is restored.
#[test]
fn built_plugin_reports_no_violation() -> Result<()> {
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
fn engine_with_failing_and_swapped_voices_reports_no_violation() -> Result<()> {
    let (voice, switch) = fault_injector();
    let setup = StreamSetup {
        offline: false,
        ..offline_48k()
    };
    let mut rig = Rig::with_voice(setup, voice)?;
    let moods = [
        FaultKind::Good,
        FaultKind::NotANumber,
        FaultKind::Good,
        // Longer than the rings last, so that input is dropped.
        FaultKind::Stuck,
        FaultKind::Stuck,
        FaultKind::Stuck,
        FaultKind::Good,
        FaultKind::Error,
        FaultKind::Good,
    ];
    let mut block = noise(1, BLOCK);
    let mut clock = Clock::start(RATE_HZ);
    for step in 0..100 * moods.len() {
        switch.set(moods[step / 100]);
        if step == 250 || step == 850 {
            rig.engine().use_voice(pass_through_voice());
        }
        clock.wait_for((step + 1) * BLOCK);
        let controls = BlockControls {
            bypass: step % 60 == 59,
            ..BlockControls::default()
        };
        let audio = rig.audio();
        watched(|| {
            audio.process(&mut [&mut block], &controls);
            if step % 170 == 169 {
                audio.reset();
            }
        });
    }
    Ok(())
}
