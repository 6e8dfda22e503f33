//! The command line.

use crate::config::Config;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Converts a microphone to another voice, live. Silent until the voice is loaded, and whenever something is missing.
///
/// Devices, parameters and voice are remembered. While it runs, `voxmeld-cli live` controls it.
#[derive(Clone, Debug, Parser)]
#[command(name = "voxmeld", version)]
pub struct Options {
    /// List the devices and end.
    #[arg(long)]
    pub list: bool,
    /// Microphone: an id or a part of a name of --list.
    #[arg(long, value_name = "NAME")]
    pub input: Option<String>,
    /// Where the voice is played.
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
    /// A second output that plays the same, for headphones; `off` for none.
    #[arg(long, value_name = "NAME")]
    pub monitor: Option<String>,
    /// Sound system; without it JACK if a server answers, else ALSA (with PipeWire's and PulseAudio's devices).
    #[arg(long, value_enum)]
    pub backend: Option<BackendName>,
    /// Sample rate in hertz.
    #[arg(long, short, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    pub rate: Option<u32>,
    /// Frames of a block; smaller ones have less latency and need a better-timed machine.
    #[arg(long, short = 'p', value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(16..=8_192))]
    pub buffer: Option<u32>,
    /// Voice: a target of the pack or a voice of the library, by name (`voxmeld-cli voices`).
    #[arg(long, value_name = "NAME")]
    pub voice: Option<String>,
    /// Set a parameter by its id: `--set blend_ratio=70`, `--set hop=40`. Repeatable.
    #[arg(long, value_name = "ID=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Start muted.
    #[arg(long)]
    pub muted: bool,
    /// Wait for the devices if they are not there.
    #[arg(long)]
    pub wait: bool,
    /// No window, only a status line on the terminal.
    #[arg(long)]
    pub no_window: bool,
    /// Folder with voice packs and ONNX Runtime.
    #[arg(long, env = "VOXMELD_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Settings file, instead of the one in the configuration folder.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Start with the defaults instead of what is remembered.
    #[arg(long)]
    pub forget: bool,
    /// Socket for `voxmeld-cli live`, instead of the one in the runtime folder.
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Open no socket.
    #[arg(long, conflicts_with = "socket")]
    pub no_socket: bool,
    /// With --backend simulated: as fast as possible, for tests.
    #[arg(long, hide = true)]
    pub free_running: bool,
}

/// A sound system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// ALSA.
    Alsa,
    /// JACK.
    Jack,
    /// A WAV file as microphone, and one as output.
    Simulated,
}

impl BackendName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Alsa => "alsa",
            Self::Jack => "jack",
            Self::Simulated => "simulated",
        }
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, value)) if !id.is_empty() => Ok((id.trim().into(), value.trim().into())),
        _ => Err("ID=VALUE is needed, for example blend_ratio=70".into()),
    }
}

impl Options {
    /// What is given here takes the place of what is remembered.
    pub fn add_to(&self, config: &mut Config) {
        let name = self.backend.map(BackendName::name);
        if name.is_some_and(|name| config.backend.as_deref() != Some(name)) {
            // The devices of another system have other names.
            config.input = None;
            config.output = None;
            config.monitor = None;
            config.backend = name.map(str::to_owned);
        }
        let or = |given: &Option<String>, kept: &mut Option<String>| {
            if given.is_some() {
                kept.clone_from(given);
            }
        };
        or(&self.input, &mut config.input);
        or(&self.output, &mut config.output);
        or(&self.monitor, &mut config.monitor);
        if config.monitor.as_deref() == Some("off") {
            config.monitor = None;
        }
        config.rate = self.rate.or(config.rate);
        config.buffer = self.buffer.or(config.buffer);
    }
}
