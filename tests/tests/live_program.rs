//! The live program as a whole, on its simulated device, controlled through its socket, with the default voice.
//!
//! The device has no clock: it waits for the engine, so nothing here depends on the machine's load.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "seconds of audio"
)]

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use voxmeld_live::device::{Simulated, SimulatedDevice, Wanted};
use voxmeld_live::program::serve;
use voxmeld_live::remote::{MuteSwitch, Reply, Request, Server, ask};
use voxmeld_live::session::{Live, LiveStatus};
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::env;

const RATE_HZ: u32 = 48_000;
/// 5 ms: a lost hop leaves at least such a run of exact zeros.
const GAP_SAMPLES: usize = 240;

/// One session at a time: each keeps both cores busy.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running session with its socket.
struct Session {
    device: std::sync::Arc<SimulatedDevice>,
    socket: PathBuf,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Session {
    /// Plays two seconds of speech again and again.
    fn start(name: &str) -> Result<Self> {
        env::use_data()?;
        let folder = env::scratch(&format!("live_{name}"))?;
        let input = folder.join("in.wav");
        let speech = Sound::read(&env::sample_speech()?)?
            .at_rate(RATE_HZ)?
            .part(1.0, 3.0);
        write_wav(&input, RATE_HZ, &[speech.samples])?;
        let socket = std::env::temp_dir().join(format!("voxmeld-{name}-{}.sock", std::process::id()));
        let server = Server::open(&socket)?;
        let device = std::sync::Arc::new(SimulatedDevice::recording());
        let backend = Simulated {
            free_running: true,
            device: device.clone(),
        };
        let wanted = Wanted {
            input: Some(input.to_string_lossy().into_owned()),
            ..Wanted::default()
        };
        let thread = std::thread::spawn(move || {
            let mut live = Live::new(Box::new(backend), wanted);
            live.open(Instant::now()).expect("the simulated device opens");
            serve(&mut live, &server);
        });
        Ok(Self {
            device,
            socket,
            thread: Some(thread),
        })
    }

    fn ask(&self, request: &Request) -> Result<String> {
        match ask(&self.socket, request)? {
            Reply::Done(line) => Ok(line),
            other => anyhow::bail!("{request:?}: {other:?}"),
        }
    }

    fn status(&self) -> Result<LiveStatus> {
        match ask(&self.socket, &Request::Status)? {
            Reply::Status(status) => Ok(*status),
            other => anyhow::bail!("{other:?}"),
        }
    }

    fn set(&self, parameter: &str, value: &str) -> Result<String> {
        self.ask(&Request::Set {
            parameter: parameter.into(),
            value: value.into(),
        })
    }

    /// Waits until so much more has been played, and returns it.
    fn play(&self, seconds: f32) -> Result<Vec<f32>> {
        let wanted = (seconds * RATE_HZ as f32) as usize;
        let began = Instant::now();
        let mut played = Vec::new();
        while played.len() < wanted {
            played.extend(self.device.take_played());
            ensure!(
                began.elapsed() < Duration::from_secs(300),
                "the device does not run"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(played)
    }

    /// Plays until the voice is heard; returns what followed.
    fn play_until_heard(&self) -> Result<()> {
        for _ in 0..300 {
            if self.play(0.2)?.iter().any(|sample| sample.abs() > 0.01) {
                return Ok(());
            }
        }
        anyhow::bail!("no voice is heard: {:?}", self.status()?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = ask(&self.socket, &Request::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The longest run of exact zeros.
fn longest_gap(samples: &[f32]) -> usize {
    let runs = samples.split(|sample| *sample != 0.0);
    runs.map(<[f32]>::len).max().unwrap_or(0)
}

#[test]
fn twenty_switches_within_ten_seconds_of_speech_leave_no_gap() -> Result<()> {
    let _alone = alone();
    let session = Session::start("switches")?;
    session.play_until_heard()?;
    // Pauses of the speech itself are silent too.
    let silent = longest_gap(&session.play(4.5)?);
    let mut played = Vec::new();
    for n in 0..20 {
        match n % 4 {
            0 | 2 => drop(session.ask(&Request::Voice { name: "next".into() })?),
            1 => drop(session.set("ratio", &format!("{}", f64::from(n) / 20.0))?),
            _ => drop(session.set("pitch_shift", &format!("{}", n - 10))?),
        }
        played.extend(session.play(0.45)?);
    }
    let gap = longest_gap(&played);
    ensure!(
        gap <= silent + GAP_SAMPLES,
        "{gap} samples of silence, and {silent} without switches"
    );
    let status = session.status()?;
    ensure!(
        status.xruns + status.device_xruns + status.clock_gaps == 0,
        "{status:?}"
    );
    ensure!(
        status.voice_state == "ready" && status.device == "open",
        "{status:?}"
    );
    Ok(())
}

#[test]
fn mute_empties_the_pipeline_and_unmute_brings_the_voice_back() -> Result<()> {
    let _alone = alone();
    let session = Session::start("mute")?;
    session.play_until_heard()?;
    let mute = |switch| session.ask(&Request::Mute { switch });
    ensure!(mute(MuteSwitch::Toggle)? == "muted");
    while !session.status()?.silent {
        session.play(0.05)?;
    }
    session.play(0.05)?;
    let muted = session.play(1.0)?;
    ensure!(muted.iter().all(|sample| *sample == 0.0), "sound while muted");
    ensure!(mute(MuteSwitch::Off)? == "not muted");
    session.play_until_heard()
}

#[test]
fn a_removed_device_comes_back_with_the_voice() -> Result<()> {
    let _alone = alone();
    let session = Session::start("removed")?;
    session.play_until_heard()?;
    session.device.set_unplugged(true);
    let began = Instant::now();
    while session.status()?.device != "lost" {
        ensure!(began.elapsed() < Duration::from_secs(60), "it is not noticed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let line = session.status()?.line();
    ensure!(line.contains("no device: silent"), "{line}");
    session.device.set_unplugged(false);
    session.play_until_heard()
}

#[test]
fn requests_that_make_no_sense_are_refused_with_what_would() -> Result<()> {
    let _alone = alone();
    let session = Session::start("refused")?;
    for (request, said) in [
        (
            Request::Voice {
                name: "nobody".into(),
            },
            "af_heart",
        ),
        (
            Request::Set {
                parameter: "ratio".into(),
                value: "5".into(),
            },
            "0 to 1",
        ),
        (
            Request::Set {
                parameter: "hop".into(),
                value: "33".into(),
            },
            "20 ms",
        ),
    ] {
        let Reply::Refused(why) = ask(&session.socket, &request)? else {
            anyhow::bail!("{request:?} was accepted");
        };
        ensure!(why.contains(said), "{why}");
    }
    let changed = session.set("blend_ratio", "70")?;
    ensure!(changed.contains("70.0 %"), "{changed}");
    let status = session.status()?;
    let shown = status
        .parameters
        .get("blend_ratio")
        .context("no such parameter")?;
    ensure!(shown == "70.0 %", "{shown}");
    ensure!(Path::new(&session.socket).exists());
    Ok(())
}
