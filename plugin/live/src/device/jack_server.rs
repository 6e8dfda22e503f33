//! JACK, and PipeWire's JACK: one clock for all, the server connects the ports. The library is loaded at run time.

use super::{Backend, BuildPass, DeviceError, DeviceInfo, OpenStream, Opened, Wanted};
use crate::pass::{LivePass, PassShared, StreamShape};
use jack::{AsyncClient, AudioIn, AudioOut, Client, ClientOptions, Control, Port, PortFlags, ProcessScope};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Our name in the server's graph.
const CLIENT: &str = "voxmeld";
/// Frames handled at a time.
const MAX_FRAMES: usize = 8_192;

/// The backend.
#[derive(Default)]
pub struct JackServer;

fn connect(name: &str) -> Result<Client, DeviceError> {
    // The library prints on the terminal by itself, once a second while the server is away.
    jack::set_logger(jack::LoggerType::None);
    // Where libjack is not installed, the crate panics at the first call; that needs no message of its own.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = std::panic::catch_unwind(|| Client::new(name, ClientOptions::NO_START_SERVER));
    std::panic::set_hook(hook);
    match opened {
        Ok(Ok((client, _))) => Ok(client),
        Ok(Err(error)) => Err(DeviceError::NoServer {
            why: error.to_string(),
        }),
        Err(_) => Err(DeviceError::NoServer {
            why: "the library libjack.so.0 is not installed".into(),
        }),
    }
}

/// Ports of devices and programs, one for each client: `system`, `firefox`.
fn clients(client: &Client, flags: PortFlags) -> Vec<String> {
    let mut names: Vec<String> = client
        .ports(None, Some("32 bit float mono audio"), flags)
        .into_iter()
        .filter_map(|port| port.split_once(':').map(|(client, _)| client.to_owned()))
        .collect();
    names.dedup();
    names
}

impl Backend for JackServer {
    fn name(&self) -> &'static str {
        "jack"
    }

    fn devices(&self) -> Result<Vec<DeviceInfo>, DeviceError> {
        let client = connect("voxmeld-list")?;
        let sources = clients(&client, PortFlags::IS_OUTPUT);
        let sinks = clients(&client, PortFlags::IS_INPUT);
        let mut all: Vec<String> = sources.iter().chain(&sinks).cloned().collect();
        all.sort();
        all.dedup();
        Ok(all
            .into_iter()
            .map(|id| DeviceInfo {
                inputs: sources.contains(&id),
                outputs: sinks.contains(&id),
                name: "JACK client".into(),
                id,
            })
            .collect())
    }

    fn open(
        &mut self,
        wanted: &Wanted,
        shared: &Arc<PassShared>,
        build: &mut BuildPass,
    ) -> Result<Box<dyn OpenStream>, DeviceError> {
        let client = connect(CLIENT)?;
        let fail = |error: jack::Error| DeviceError::Other {
            device: "JACK".into(),
            why: error.to_string(),
        };
        let rate_hz = client.sample_rate();
        let mut notes = Vec::new();
        if let Some(asked) = wanted.rate_hz.filter(|asked| *asked != rate_hz) {
            notes.push(format!(
                "--rate {asked} has no effect: the JACK server runs at {rate_hz} Hz"
            ));
        }
        if let Some(frames) = wanted
            .buffer_frames
            .filter(|frames| *frames != client.buffer_size())
        {
            client.set_buffer_size(frames).map_err(fail)?;
        }
        let shape = StreamShape {
            rate_hz: f64::from(rate_hz),
            block_frames: usize::try_from(client.buffer_size()).unwrap_or(MAX_FRAMES),
            channels: 1,
            captured_s: 0.0,
        };
        let input = client.register_port("input", AudioIn::default()).map_err(fail)?;
        let outputs = ["output_1", "output_2"].map(|name| client.register_port(name, AudioOut::default()));
        let [left, right] = outputs;
        let outputs = [left.map_err(fail)?, right.map_err(fail)?];
        let names = [&outputs[0], &outputs[1]].map(|port| port.name().unwrap_or_default());
        let input_name = input.name().unwrap_or_default();
        let lost = Arc::new(AtomicBool::new(false));
        let process = Process {
            input,
            outputs,
            pass: build(&shape)?,
            frames: vec![0.0; MAX_FRAMES],
            began: Instant::now(),
        };
        let notifications = Notifications {
            lost: lost.clone(),
            shared: shared.clone(),
        };
        let client = client.activate_async(notifications, process).map_err(fail)?;
        let graph = Graph {
            client: client.as_client(),
            input: &input_name,
            outputs: &names,
        };
        let (input, output, monitor) = graph.connect(wanted, &mut notes)?;
        let (captured_s, played_s) = graph.latencies_s(shape.rate_hz);
        Ok(Box::new(JackStream {
            opened: Opened {
                input,
                output,
                monitor,
                input_rate_hz: shape.rate_hz,
                shape: StreamShape { captured_s, ..shape },
                played_s,
                notes,
            },
            lost,
            client: Mutex::new(Some(client)),
        }))
    }
}

/// Our ports among the others.
struct Graph<'a> {
    client: &'a Client,
    input: &'a str,
    outputs: &'a [String; 2],
}

impl Graph<'_> {
    /// Connects what was asked for, or the first hardware ports. Returns the names of input, output and monitor.
    fn connect(
        &self,
        wanted: &Wanted,
        notes: &mut Vec<String>,
    ) -> Result<(String, String, Option<String>), DeviceError> {
        let sources = self.ports("input", wanted.input.as_deref(), PortFlags::IS_OUTPUT)?;
        let sinks = self.ports("output", wanted.output.as_deref(), PortFlags::IS_INPUT)?;
        if let Some(source) = sources.first() {
            self.join(source, self.input, notes);
        } else {
            notes.push("nothing is connected to the input: connect a microphone to voxmeld:input".into());
        }
        self.play_to(&sinks, notes);
        if sinks.is_empty() {
            notes.push("the output is not connected: connect voxmeld:output_1 and voxmeld:output_2".into());
        }
        let monitor = match wanted.monitor.as_deref() {
            Some(name) => {
                let ports = self.ports("monitor", Some(name), PortFlags::IS_INPUT)?;
                self.play_to(&ports, notes);
                ports.first().cloned()
            }
            None => None,
        };
        let name = |ports: &[String]| ports.first().cloned().unwrap_or_else(|| "not connected".into());
        Ok((name(&sources), name(&sinks), monitor))
    }

    fn play_to(&self, sinks: &[String], notes: &mut Vec<String>) {
        for (output, sink) in self.outputs.iter().zip(sinks) {
            self.join(output, sink, notes);
        }
    }

    fn join(&self, from: &str, to: &str, notes: &mut Vec<String>) {
        match self.client.connect_ports_by_name(from, to) {
            Ok(()) | Err(jack::Error::PortAlreadyConnected(..)) => {}
            Err(error) => notes.push(format!("{from} could not be connected to {to}: {error}")),
        }
    }

    /// Ports of the client of that name, or the port of that name; the hardware's if none is given.
    fn ports(
        &self,
        what: &'static str,
        name: Option<&str>,
        direction: PortFlags,
    ) -> Result<Vec<String>, DeviceError> {
        let flags = match name {
            Some(_) => direction,
            None => direction | PortFlags::IS_PHYSICAL,
        };
        let all = self.client.ports(None, Some("32 bit float mono audio"), flags);
        let Some(name) = name else { return Ok(all) };
        let found: Vec<String> = all
            .iter()
            .filter(|port| *port == name || port.split_once(':').is_some_and(|(client, _)| client == name))
            .cloned()
            .collect();
        if found.is_empty() {
            return Err(DeviceError::NotFound {
                what,
                name: name.into(),
                there: all.join(", "),
            });
        }
        Ok(found)
    }

    /// Seconds before our input and after our output, as the server knows them.
    fn latencies_s(&self, rate_hz: f64) -> (f64, f64) {
        let latency = |name: &str, kind| {
            let range = self
                .client
                .port_by_name(name)
                .map_or((0, 0), |port| port.get_latency_range(kind));
            f64::from(range.1) / rate_hz
        };
        (
            latency(self.input, jack::LatencyType::Capture),
            latency(&self.outputs[0], jack::LatencyType::Playback),
        )
    }
}

struct Process {
    input: Port<AudioIn>,
    outputs: [Port<AudioOut>; 2],
    pass: LivePass,
    frames: Vec<f32>,
    began: Instant,
}

impl jack::ProcessHandler for Process {
    /// # Real-time
    /// Yes.
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let input = self.input.as_slice(scope);
        let [left, right] = &mut self.outputs;
        let (left, right) = (left.as_mut_slice(scope), right.as_mut_slice(scope));
        let now_s = self.began.elapsed().as_secs_f64();
        for start in (0..input.len()).step_by(MAX_FRAMES) {
            let end = (start + MAX_FRAMES).min(input.len());
            let frames = &mut self.frames[..end - start];
            frames.copy_from_slice(&input[start..end]);
            self.pass.process(frames, now_s);
            left[start..end].copy_from_slice(frames);
            right[start..end].copy_from_slice(frames);
        }
        Control::Continue
    }
}

struct Notifications {
    lost: Arc<AtomicBool>,
    shared: Arc<PassShared>,
}

impl jack::NotificationHandler for Notifications {
    unsafe fn shutdown(&mut self, _: jack::ClientStatus, _: &str) {
        self.lost.store(true, Ordering::Relaxed);
    }

    fn xrun(&mut self, _: &Client) -> Control {
        self.shared.count_device_xrun();
        Control::Continue
    }
}

struct JackStream {
    opened: Opened,
    lost: Arc<AtomicBool>,
    client: Mutex<Option<AsyncClient<Notifications, Process>>>,
}

impl OpenStream for JackStream {
    fn opened(&self) -> &Opened {
        &self.opened
    }

    fn lost(&self) -> Option<String> {
        self.lost
            .load(Ordering::Relaxed)
            .then(|| "the JACK server ended".to_owned())
    }
}

impl Drop for JackStream {
    fn drop(&mut self) {
        if let Some(client) = self.client.lock().take() {
            // Of a server that is gone this fails, and there is nothing left to do.
            let _ = client.deactivate();
        }
    }
}
