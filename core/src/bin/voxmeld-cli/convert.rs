//! `voxmeld-cli convert`.

use anyhow::{Result, bail, ensure};
use clap::Args;
use std::path::PathBuf;
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_core::indexing::Recording;
use voxmeld_core::names::shown_path;
use voxmeld_core::pack::find_pack;
use voxmeld_core::retrieval::SearchParams;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_core::units::Semitones;

use super::audio::Output;
use super::bar::Bar;
use super::data::DataDir;
use super::library;

/// Samples handed to the engine at a time.
const BLOCK: usize = 1024;

/// The engine's rate for recordings whose own it does not run at (8, 11.025, 22.05 kHz).
const FALLBACK_RATE_HZ: u32 = 48_000;

/// The default pack, which `--target` chooses from.
const PACK: &str = "default";

#[derive(Args)]
pub struct Convert {
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
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true, value_parser = ratio)]
    ratio: f32,
    /// Semitones, -24 to 24.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = semitones)]
    pitch_shift: f32,
    /// Neighbours per frame.
    #[arg(long, default_value_t = 8, value_parser = at_least_one)]
    k: usize,
    /// Lists of the index visited per frame.
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    n_probe: usize,
    /// Lists as the index's own recall recommends them, instead of --n-probe.
    #[arg(long)]
    auto_probes: bool,
    /// Step of the engine in milliseconds.
    #[arg(long, default_value_t = 20)]
    hop_ms: u32,
}

fn number(text: &str, range: std::ops::RangeInclusive<f32>) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "a number from {} to {} is needed",
            range.start(),
            range.end()
        )),
    }
}

pub fn ratio(text: &str) -> Result<f32, String> {
    number(text, 0.0..=1.0)
}

fn semitones(text: &str) -> Result<f32, String> {
    number(text, -24.0..=24.0)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number >= 1 => Ok(number),
        _ => Err("a whole number from 1 on is needed".into()),
    }
}

pub fn run(args: &Convert) -> Result<()> {
    // What can be known before the work is said before the work.
    let Some(hop) = Hop::ALL.into_iter().find(|hop| hop.ms() == args.hop_ms) else {
        bail!("--hop-ms: the hop must be one of {:?} ms", Hop::ALL.map(Hop::ms));
    };
    let output = Output::new(&args.output)?;
    let same = |path: &PathBuf| path.canonicalize().ok();
    ensure!(
        same(&args.input).is_none() || same(&args.input) != same(&args.output),
        "the output would take the place of the input, {}; name another file",
        shown_path(&args.input)
    );
    args.data.set()?;
    check_target(args)?;
    let input = Recording::read(&args.input)?;
    let (input_rate_hz, input_len) = (input.rate_hz, input.samples.len());
    let mut audio = at_engine_rate(input, hop)?;
    convert(args, hop, &mut audio)?;
    if audio.rate_hz != input_rate_hz {
        let Some(mut samples) = audio.at_rate(input_rate_hz) else {
            bail!("the result cannot be converted to {input_rate_hz} Hz");
        };
        samples.resize(input_len, 0.0);
        audio = Recording {
            rate_hz: input_rate_hz,
            samples,
        };
    }
    output.write(&audio)?;
    eprintln!(
        "{}: {} converted",
        shown_path(&args.output),
        shown_path(&args.input)
    );
    Ok(())
}

/// Lists the targets if the one that was asked for is none of them.
fn check_target(args: &Convert) -> Result<()> {
    let Some(target) = &args.target else { return Ok(()) };
    ensure!(
        args.index.is_none(),
        "--target and --index name two indices; give one of them"
    );
    let pack = find_pack(PACK)?;
    let names: Vec<&str> = pack.indices.iter().map(|index| index.name.as_str()).collect();
    ensure!(
        names.contains(&target.as_str()),
        "there is no target {target:?}; the pack has {}",
        names.join(", ")
    );
    Ok(())
}

/// The recording at a rate that the engine runs at: its own, where that is possible.
fn at_engine_rate(input: Recording, hop: Hop) -> Result<Recording> {
    if Geometry::new(f64::from(input.rate_hz), hop, BLOCK).is_ok() {
        return Ok(input);
    }
    let Some(samples) = input.at_rate(FALLBACK_RATE_HZ) else {
        bail!("a sample rate of {} Hz cannot be converted", input.rate_hz);
    };
    Ok(Recording {
        rate_hz: FALLBACK_RATE_HZ,
        samples,
    })
}

/// What to load, and the speaker.
fn selection(args: &Convert) -> (VoiceSelection, usize) {
    let file = |path: &Option<PathBuf>| path.as_ref().map(FileRef::at);
    let index = match (&args.index, &args.target) {
        (Some(path), _) => Some(IndexRef::File(FileRef::at(path))),
        (None, Some(name)) => Some(IndexRef::Pack(name.clone())),
        (None, None) => None,
    };
    let voice = args.voice.as_deref().and_then(library::find);
    let mut selection = match &voice {
        Some(voice) => voice.selection(&VoiceSelection::default()),
        None => VoiceSelection {
            pack: PackRef::Embedded(PACK.into()),
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
    let of_library = voice.map_or(0, |voice| voice.manifest.speaker);
    let speaker = usize::try_from(args.speaker.unwrap_or(of_library)).unwrap_or(usize::MAX);
    (selection, speaker)
}

fn controls(args: &Convert, speaker: usize) -> BlockControls {
    BlockControls {
        voice: Controls {
            blend_ratio: args.ratio,
            speaker,
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
    }
}

/// Converts in place; the result is in time with the input.
fn convert(args: &Convert, hop: Hop, audio: &mut Recording) -> Result<()> {
    let mut engine = Engine::new();
    let (selection, speaker) = selection(args);
    engine.handle().load(selection);
    let setup = StreamSetup {
        safety_ms: 0,
        suppress_noise: false,
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
    let controls = controls(args, speaker);
    audio.samples.resize(audio.samples.len() + latency, 0.0);
    let blocks = audio.samples.len().div_ceil(BLOCK);
    let bar = Bar::new()?;
    for (n, block) in audio.samples.chunks_mut(BLOCK).enumerate() {
        side.process(&mut [block], &controls);
        if n % 50 == 0 {
            #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
            bar.show(n as f32 / blocks as f32, "converting");
        }
    }
    drop(bar);
    let status = engine.handle().status();
    if let VoiceState::Failed { why } = status.voice {
        bail!("{why}");
    }
    if let Some(message) = status.message {
        bail!("{message}");
    }
    for note in &status.notes {
        eprintln!("note: {note}");
    }
    audio.samples.drain(..latency);
    Ok(())
}
