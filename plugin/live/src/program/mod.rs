//! The program `voxmeld`: options, terminal, and the loop around a session.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its terminal"
)]

mod answer;
mod options;
mod terminal;
mod window;

pub use options::Options;

use crate::config::Config;
use crate::data::find_data;
use crate::device::{Backend, DeviceError, Simulated};
use crate::remote::{Server, default_socket};
use crate::session::Live;
use options::BackendName;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use terminal::Terminal;

/// Longest time between two looks at the session.
const TURN: Duration = Duration::from_millis(50);
/// Time after a change until it is written to the settings.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Time for the fade before the devices are closed.
const FADE: Duration = Duration::from_millis(30);

/// Runs the program to its end.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    match try_run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("voxmeld: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn try_run(options: &Options) -> Result<(), Failure> {
    voxmeld::logging::install();
    if options.list {
        return list(options);
    }
    let stop = stop_signal()?;
    if options.no_window {
        return session(options, &stop, |_| {});
    }
    with_window(options, &stop)
}

/// The window on this thread, the session on another.
fn with_window(options: &Options, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let (send, shown) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new()
        .name("voxmeld-session".into())
        .spawn({
            let (options, stop, window_closed) = (options.clone(), stop.clone(), stop.clone());
            move || {
                let ended = session(&options, &stop, |live| {
                    let _ = send.send(window::Shown {
                        params: live.params().clone(),
                        engine: live.engine_handle(),
                    });
                });
                // Ctrl-C or `quit` while the window is open: there is no way to close it from here.
                if ended.is_ok() && !window_closed.swap(true, Ordering::Relaxed) {
                    // SAFETY: ends the process at once. Everything is saved and closed, and `exit` would run destructors
                    // of libraries that the window's thread still uses.
                    unsafe { libc::_exit(0) };
                }
                ended
            }
        })?;
    if let Ok(shown) = shown.recv() {
        match window::run(shown) {
            Ok(()) => stop.store(true, Ordering::Relaxed),
            Err(why) => eprintln!("no window ({why}); it goes on without, as with --no-window"),
        }
    }
    thread
        .join()
        .unwrap_or_else(|_| Err("the session ended with an internal error".into()))
}

/// Opens everything, plays until `stop`, and remembers. `opened` is called once before it plays.
fn session(options: &Options, stop: &AtomicBool, opened: impl FnOnce(&Live)) -> Result<(), Failure> {
    let is_simulated = options.backend == Some(BackendName::Simulated);
    let remembered = || {
        if is_simulated {
            None
        } else {
            crate::config::default_path()
        }
    };
    let config_path = options.config.clone().or_else(remembered);
    let mut config = match &config_path {
        Some(path) if !options.forget => Config::read(path)?,
        _ => Config::default(),
    };
    options.add_to(&mut config);
    let socket = options.socket.clone().or_else(default_socket);
    let server = match &socket {
        Some(path) if !options.no_socket => Some(Server::open(path)?),
        _ => None,
    };
    voxmeld_core::pack::set_data_dir(&find_data(options.data.as_deref())?);
    let terminal = Terminal::new();
    let mut live = Live::new(backend(options, config.backend.as_deref()), config.wanted());
    for line in config.restore(&live) {
        terminal.say(&format!("not restored: {line}"));
    }
    for (id, value) in &options.set {
        live.set(id, value)?;
    }
    if let Some(name) = &options.voice {
        live.choose_voice(name)?;
    }
    live.set_muted(options.muted);
    let now = Instant::now();
    match live.open(now) {
        Err(error) if options.wait => live.wait_for_device(&error, now),
        opened => opened?,
    }
    if server.is_none() {
        terminal.say("no socket is open, so `voxmeld-cli live` cannot reach this program");
    }
    opened(&live);
    play(&mut live, server.as_ref(), &terminal, stop, |live| {
        let before = config.clone();
        config.remember(live);
        match &config_path {
            Some(path) if config != before => config.write(path).map_err(|error| error.to_string()),
            _ => Ok(()),
        }
    });
    Ok(())
}

/// Follows the session and answers requests until one of them asks to end: [`run`] without terminal and settings.
pub fn serve(live: &mut Live, server: &Server) {
    loop {
        if let Some(pending) = server.next(TURN) {
            let (reply, ends) = answer::answer(live, &pending.request);
            pending.reply(reply);
            if ends {
                return;
            }
        }
        live.tick(Instant::now());
    }
}

/// The loop.
fn play(
    live: &mut Live,
    server: Option<&Server>,
    terminal: &Terminal,
    stop: &AtomicBool,
    mut save: impl FnMut(&Live) -> Result<(), String>,
) {
    let mut saved = Instant::now();
    let mut quit = false;
    let mut save_and_say = |live: &Live| {
        if let Err(why) = save(live) {
            terminal.say(&why);
        }
    };
    save_and_say(live);
    while !quit && !stop.load(Ordering::Relaxed) {
        match server {
            Some(server) => {
                if let Some(pending) = server.next(TURN) {
                    let (reply, ends) = answer::answer(live, &pending.request);
                    pending.reply(reply);
                    quit = ends;
                }
            }
            None => std::thread::sleep(TURN),
        }
        live.tick(Instant::now());
        for notice in live.take_notices() {
            terminal.say(&notice);
        }
        terminal.show(|| live.status().line());
        if saved.elapsed() > SAVE_EVERY {
            save_and_say(live);
            saved = Instant::now();
        }
    }
    save_and_say(live);
    live.set_muted(true);
    std::thread::sleep(FADE);
    terminal.end();
}

/// Set by Ctrl-C and by a request to terminate. The second one ends at once.
fn stop_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    Ok(stop)
}

/// The chosen backend; by default JACK if a server answers, else ALSA.
fn backend(options: &Options, remembered: Option<&str>) -> Box<dyn Backend> {
    let name = options.backend.map(BackendName::name).or(remembered);
    match name {
        Some("simulated") => Box::new(Simulated {
            free_running: options.free_running,
            ..Simulated::default()
        }),
        name => hardware(name),
    }
}

#[cfg(feature = "devices")]
fn hardware(name: Option<&str>) -> Box<dyn Backend> {
    use crate::device::{Alsa, JackServer};
    match name {
        Some("jack") => Box::new(JackServer),
        Some("alsa") => Box::new(Alsa::default()),
        _ if JackServer.devices().is_ok() => Box::new(JackServer),
        _ => Box::new(Alsa::default()),
    }
}

#[cfg(not(feature = "devices"))]
fn hardware(_: Option<&str>) -> Box<dyn Backend> {
    Box::new(Simulated::default())
}

fn list(options: &Options) -> Result<(), Failure> {
    let backend = backend(options, None);
    let devices = backend.devices()?;
    if devices.is_empty() {
        return Err(DeviceError::None {
            what: "input or output",
        }
        .into());
    }
    println!("devices of {} (in = can record, out = can play):", backend.name());
    for device in devices {
        println!(
            "  {:3} {:3}  {:40} {}",
            if device.inputs { "in" } else { "" },
            if device.outputs { "out" } else { "" },
            device.id,
            device.name
        );
    }
    Ok(())
}
