//! The engine without a host: converts recordings on the command line.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks on its terminal"
)]

mod audio;
mod index;
mod library;
mod logging;
mod model;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::geometry::Hop;
use voxmeld_core::indexing::Recording;
use voxmeld_core::retrieval::SearchParams;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_core::units::Semitones;

/// Voice conversion with retrieval, on recordings.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert a WAV, FLAC, MP3 or OGG recording; the result is as long and in time.
    Convert(Convert),
    /// List the installed voice packs with their targets, and the voices of the library.
    Voices(library::Voices),
    /// Put voices (.pth, .safetensors, .onnx, with .index), archives of them (.zip), and encoders into the library.
    Import(library::Import),
    /// Build, check and search indices.
    #[command(subcommand)]
    Index(index::Index),
    /// Look into voice files, and run them on given inputs.
    #[command(subcommand)]
    Model(model::Model),
}

#[derive(Args)]
struct DataDir {
    /// Folder with `packs/` and ONNX Runtime (the bundle's `voxmeld.data`).
    #[arg(long, env = "VOXMELD_DATA")]
    data: PathBuf,
}

#[derive(Args)]
struct Convert {
    /// Recording to convert.
    input: PathBuf,
    /// WAV file to write (32-bit float, mono).
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// Target of the default pack, by name; the first if none is given.
    #[arg(long)]
    target: Option<String>,
    /// Own encoder: ONNX, or HuBERT's or ContentVec's weights (.pt, .bin, .safetensors).
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Own voice: RVC's weights (.pth, .safetensors), an ONNX export, or the name of a voice of the library.
    #[arg(long)]
    voice: Option<PathBuf>,
    /// Speaker of the own voice, where it has several; 0 if none is given, or the library's.
    #[arg(long)]
    speaker: Option<u32>,
    /// Own index (faiss).
    #[arg(long)]
    index: Option<PathBuf>,
    /// 0 = live embedding, 1 = retrieved.
    #[arg(long, default_value_t = 0.5)]
    ratio: f32,
    /// Semitones.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pitch_shift: f32,
    /// Neighbours per frame.
    #[arg(long, default_value_t = 8)]
    k: usize,
    /// Lists of the index visited per frame.
    #[arg(long, default_value_t = 1)]
    n_probe: usize,
    /// Lists as the index's own recall recommends them, instead of --n-probe
    #[arg(long)]
    auto_probes: bool,
    /// Step of the engine in milliseconds.
    #[arg(long, default_value_t = 20)]
    hop_ms: u32,
}

fn main() -> Result<()> {
    let command = Cli::parse().command;
    logging::install()?;
    match command {
        Command::Convert(args) => convert(&args),
        Command::Index(command) => index::run(&command),
        Command::Model(command) => model::run(&command),
        Command::Voices(args) => {
            library::list(&args);
            Ok(())
        }
        Command::Import(args) => library::import(&args),
    }
}

fn selection(args: &Convert) -> VoiceSelection {
    let file = |path: &Option<PathBuf>| path.as_ref().map(FileRef::at);
    let index = match (&args.index, &args.target) {
        (Some(path), _) => Some(IndexRef::File(FileRef::at(path))),
        (None, Some(name)) => Some(IndexRef::Pack(name.clone())),
        (None, None) => None,
    };
    let mut selection = match args.voice.as_deref().and_then(library::find) {
        Some(voice) => voice.selection(&VoiceSelection::default()),
        None => VoiceSelection {
            pack: PackRef::Embedded("default".into()),
            synthesizer: file(&args.voice),
            ..VoiceSelection::default()
        },
    };
    if args.encoder.is_some() {
        selection.encoder = file(&args.encoder);
    }
    if index.is_some() {
        selection.index = index;
    }
    if let Some(speaker) = args.speaker {
        selection.speaker = speaker;
    }
    selection
}

fn convert(args: &Convert) -> Result<()> {
    let Some(hop) = Hop::ALL.into_iter().find(|hop| hop.ms() == args.hop_ms) else {
        bail!("the hop must be one of {:?} ms", Hop::ALL.map(Hop::ms));
    };
    let mut audio = Recording::read(&args.input)?;
    voxmeld_core::pack::set_data_dir(&args.data.data);
    let mut engine = Engine::new();
    engine.handle().load(selection(args));
    let setup = StreamSetup {
        safety_ms: 0,
        host_rate_hz: f64::from(audio.rate_hz),
        max_block: BLOCK,
        channels: 1,
        hop,
        offline: true,
    };
    let mut side = engine.activate(setup)?;
    let latency = side.latency_samples() as usize;
    if latency == 0 {
        bail!("{}", engine.handle().status().message.unwrap_or_default());
    }
    let controls = BlockControls {
        voice: Controls {
            blend_ratio: args.ratio,
            pitch_shift: Semitones(args.pitch_shift),
            search: SearchParams {
                k: args.k,
                n_probe: args.n_probe,
                auto_probes: args.auto_probes,
                ..SearchParams::default()
            },
            ..Controls::default()
        },
        ..BlockControls::default()
    };
    audio.samples.resize(audio.samples.len() + latency, 0.0);
    let blocks = audio.samples.len().div_ceil(BLOCK);
    for (n, block) in audio.samples.chunks_mut(BLOCK).enumerate() {
        side.process(&mut [block], &controls);
        if n % 500 == 0 {
            eprint!("\r{:3} %", 100 * n / blocks);
        }
    }
    let status = engine.handle().status();
    if let VoiceState::Failed { why } = status.voice {
        bail!("{why}");
    }
    if let Some(message) = status.message {
        bail!("{message}");
    }
    for note in &status.notes {
        eprintln!("\rnote: {note}");
    }
    audio.samples.drain(..latency);
    audio::write(&args.output, &audio).with_context(|| format!("cannot write {}", args.output.display()))?;
    eprintln!("\r{}: {}", args.output.display(), describe(&args.input));
    Ok(())
}

fn describe(input: &Path) -> String {
    format!("{} converted", input.display())
}

/// Samples handed to the engine at a time.
const BLOCK: usize = 1024;
