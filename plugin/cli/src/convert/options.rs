//! Options of `convert`, and what they mean for the engine.

use super::super::data::DataDir;
use super::super::library;
use anyhow::{Result, anyhow, bail};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use voxmeld::params::VoxmeldParams;
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::geometry::Hop;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_live::session::all_voices;

/// The default pack, which `--target` chooses from.
pub const PACK: &str = "default";

#[derive(Args)]
pub struct Convert {
    /// Recordings to convert.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// WAV file to write (32-bit float, mono); for several recordings a folder.
    #[arg(short, long)]
    pub output: PathBuf,
    #[command(flatten)]
    pub data: DataDir,
    /// Target of the default pack, by name; the first if none is given.
    #[arg(long)]
    pub target: Option<String>,
    /// Own pitch tracker: an ONNX export of RMVPE, FCPE or SwiftF0.
    #[arg(long)]
    pitch_tracker: Option<PathBuf>,
    /// Own encoder: ONNX, or HuBERT's or ContentVec's weights (.pt, .bin, .safetensors).
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// A voice by name (`voxmeld-cli voices`), or a file: RVC's weights (.pth, .safetensors) or an ONNX export.
    #[arg(long)]
    voice: Option<PathBuf>,
    /// Speaker of the own voice, where it has several; 0 if none is given, or the library's.
    #[arg(long)]
    speaker: Option<u32>,
    /// Own index (faiss).
    #[arg(long)]
    pub index: Option<PathBuf>,
    /// 0 = live embedding, 1 = retrieved; 0.5 if not given.
    #[arg(long, allow_negative_numbers = true, value_parser = ratio)]
    ratio: Option<f32>,
    /// Ratio over time: a file of lines `seconds,ratio`, with straight lines in between.
    #[arg(long, value_name = "FILE", conflicts_with = "ratio")]
    pub ratio_curve: Option<PathBuf>,
    /// Semitones, -24 to 24.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = semitones)]
    pitch_shift: f32,
    /// Neighbours per frame, 1 to 64.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    k: u32,
    /// Lists of the index visited per frame, 1 to 64.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    n_probe: u32,
    /// Lists as the index's own recall recommends them, instead of --n-probe.
    #[arg(long)]
    auto_probes: bool,
    /// Step of the engine in milliseconds.
    #[arg(long, default_value_t = 20)]
    hop_ms: u32,
    /// Any parameter of the plugin by its id, in its own unit: `--set trust=40`, `--set gate=off`. Repeatable.
    #[arg(long, value_name = "ID=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
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

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, value)) if !id.is_empty() => Ok((id.trim().into(), value.trim().into())),
        _ => Err("ID=VALUE is needed, for example trust=40".into()),
    }
}

/// The plugin's parameters as the options set them: a render equals a bounce with the same parameters.
pub struct Settings {
    params: Arc<VoxmeldParams>,
    pub hop: Hop,
    pub safety_ms: u32,
    pub suppress_noise: bool,
}

impl Settings {
    /// # Errors
    /// A parameter or value that does not exist.
    pub fn new(args: &Convert, engine: EngineHandle) -> Result<Self> {
        let params = Arc::new(VoxmeldParams::new(engine));
        let set = |id: &str, value: &str| {
            params
                .set_by_text(id, value)
                .map(drop)
                .map_err(|error| anyhow!("{error}"))
        };
        if !Hop::ALL.iter().any(|hop| hop.ms() == args.hop_ms) {
            bail!("--hop-ms: the hop must be one of {:?} ms", Hop::ALL.map(Hop::ms));
        }
        set("hop", &args.hop_ms.to_string())?;
        if let Some(ratio) = args.ratio {
            set("blend_ratio", &(ratio * 100.0).to_string())?;
        }
        set("pitch_shift", &args.pitch_shift.to_string())?;
        set("k", &args.k.to_string())?;
        set("n_probe", &args.n_probe.to_string())?;
        set("auto_probes", if args.auto_probes { "on" } else { "off" })?;
        let of_library = args
            .voice
            .as_deref()
            .and_then(library::find)
            .map(|voice| voice.manifest.speaker);
        if let Some(speaker) = args.speaker.or(of_library) {
            set("speaker", &speaker.to_string())?;
        }
        for (id, value) in &args.set {
            set(id, value).map_err(|error| anyhow!("--set: {error}"))?;
        }
        Ok(Self {
            hop: params.hop.value().into(),
            safety_ms: 0,
            suppress_noise: params.noise_suppression.value(),
            params,
        })
    }

    /// The controls, with another ratio where a curve gives one.
    pub fn controls(&self, ratio: Option<f32>) -> BlockControls {
        let mut controls = self.params.controls();
        if let Some(ratio) = ratio {
            controls.voice.blend_ratio = ratio;
        }
        controls
    }
}

impl Convert {
    /// What to load.
    ///
    /// # Errors
    /// A name that is neither a file's nor a voice's.
    pub fn selection(&self) -> Result<VoiceSelection> {
        let file = |path: &Option<PathBuf>| path.as_ref().map(FileRef::at);
        let index = match (&self.index, &self.target) {
            (Some(path), _) => Some(IndexRef::File(FileRef::at(path))),
            (None, Some(name)) => Some(IndexRef::Pack(name.clone())),
            (None, None) => None,
        };
        let mut selection = match &self.voice {
            Some(name) if !name.is_file() => {
                let voices = all_voices();
                let called = |name: &str| voices.iter().find(|voice| voice.is_called(name)).cloned();
                let Some(voice) = name.to_str().and_then(called) else {
                    let names: Vec<&str> = voices.iter().map(|voice| voice.name.as_str()).collect();
                    bail!(
                        "--voice: {} is neither a file nor the name of a voice; there are: {}",
                        voxmeld_core::names::shown_path(name),
                        names.join(", ")
                    );
                };
                voice.selection
            }
            _ => VoiceSelection {
                pack: PackRef::Embedded(PACK.into()),
                synthesizer: file(&self.voice),
                ..VoiceSelection::default()
            },
        };
        selection.pitch = file(&self.pitch_tracker);
        if self.encoder.is_some() {
            selection.encoder = file(&self.encoder);
        }
        if index.is_some() {
            selection.index = index;
        }
        Ok(selection)
    }
}
