//! The JACK backend with a real server without hardware (`jackd -d dummy`). Real time, so it is run by its own stage
//! of `cargo xtask test`: `cargo test --release -p voxmeld-live --test jack -- --ignored`.
#![cfg(feature = "devices")]
#![allow(clippy::cast_possible_truncation, reason = "a test signal")]

use jack::{AudioIn, AudioOut, Client, ClientOptions, Control, ProcessScope};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use voxmeld_live::device::{JackServer, Wanted};
use voxmeld_live::session::Live;

const BLOCK: u32 = 1_024;

/// A server of its own, so that one that runs already is left alone.
struct Server(Child);

impl Server {
    fn start() -> Self {
        let child = Command::new("jackd")
            .args(["-r", "-n", &name(), "-d", "dummy", "-r", "48000", "-p"])
            .arg(BLOCK.to_string())
            .env("JACK_NO_AUDIO_RESERVATION", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("jackd is installed");
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn name() -> String {
    format!("voxmeld-test-{}", std::process::id())
}

/// Plays a voice-like sound into the program and records what comes out.
struct Partner {
    _client: jack::AsyncClient<(), jack::contrib::ClosureProcessHandler<(), Handler>>,
    heard: Arc<Mutex<Vec<f32>>>,
}

type Handler = Box<dyn FnMut(&Client, &ProcessScope) -> Control + Send>;

impl Partner {
    fn start() -> Self {
        let (client, _) = Client::new("partner", ClientOptions::NO_START_SERVER).expect("the server runs");
        let mut out = client
            .register_port("out", AudioOut::default())
            .expect("registered");
        let input = client
            .register_port("in", AudioIn::default())
            .expect("registered");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (mut n, records) = (0_u32, heard.clone());
        let process: Handler = Box::new(move |_, scope| {
            for sample in out.as_mut_slice(scope) {
                n = n.wrapping_add(1);
                *sample = 0.3 * ((f64::from(n) * 440.0 / 48_000.0).fract() as f32 - 0.5);
            }
            records
                .lock()
                .expect("no panic")
                .extend_from_slice(input.as_slice(scope));
            Control::Continue
        });
        let handler = jack::contrib::ClosureProcessHandler::new(process);
        let client = client.activate_async((), handler).expect("activated");
        Self {
            _client: client,
            heard,
        }
    }

    fn connect(&self) {
        let client = self._client.as_client();
        for (from, to) in [
            ("partner:out", "voxmeld:input"),
            ("voxmeld:output_1", "partner:in"),
        ] {
            match client.connect_ports_by_name(from, to) {
                Ok(()) | Err(jack::Error::PortAlreadyConnected(..)) => {}
                Err(error) => panic!("{from} to {to}: {error}"),
            }
        }
    }
}

fn until(live: &mut Live, what: &str, mut done: impl FnMut(&Live, &[String]) -> bool) {
    let began = Instant::now();
    loop {
        live.tick(Instant::now());
        let notices = live.take_notices();
        if done(live, &notices) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what}: {:?}",
            live.status()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn open(live: &mut Live) {
    let began = Instant::now();
    while let Err(error) = live.open(Instant::now()) {
        assert!(began.elapsed() < Duration::from_secs(20), "{error}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "run in stage `live program with JACK`, with jackd"]
fn quantum_changes_a_restart_of_the_server_and_dry_sound_through_a_real_server() {
    // SAFETY: the only test of this program; no other thread runs yet.
    unsafe { std::env::set_var("JACK_DEFAULT_SERVER", name()) };
    let server = Server::start();
    let mut live = Live::new(Box::new(JackServer), Wanted::default());
    // Without a voice's files: the dry sound, which has the same way and latency.
    live.params()
        .voice
        .choose(voxmeld_core::selection::VoiceSelection::nothing());
    open(&mut live);
    let partner = Partner::start();
    partner.connect();
    std::thread::sleep(Duration::from_millis(500));
    let silent = std::mem::take(&mut *partner.heard.lock().expect("no panic"));
    assert!(silent.iter().all(|sample| *sample == 0.0), "the dry voice leaked");
    live.set("bypass", "on").expect("a parameter");
    until(&mut live, "sound", |_, _| {
        partner
            .heard
            .lock()
            .expect("no panic")
            .iter()
            .any(|sample| sample.abs() > 0.1)
    });
    for frames in [4_096, 64, BLOCK] {
        partner
            ._client
            .as_client()
            .set_buffer_size(frames)
            .expect("changed");
        until(&mut live, "another latency", |live, notices| {
            let said = notices.iter().any(|notice| notice.contains("the latency is now"));
            said && live.status().block_frames == Some(frames)
        });
        partner.heard.lock().expect("no panic").clear();
        until(&mut live, "sound after a change of the block", |_, _| {
            partner
                .heard
                .lock()
                .expect("no panic")
                .iter()
                .any(|sample| sample.abs() > 0.1)
        });
    }
    drop(server);
    until(&mut live, "loss", |live, notices| {
        live.status().device == "lost" && notices.iter().any(|notice| notice.contains("silent"))
    });
    drop(partner);
    let _server = Server::start();
    until(&mut live, "return", |live, _| live.status().device == "open");
    let partner = Partner::start();
    partner.connect();
    until(&mut live, "sound after the return", |_, _| {
        partner
            .heard
            .lock()
            .expect("no panic")
            .iter()
            .any(|sample| sample.abs() > 0.1)
    });
}
