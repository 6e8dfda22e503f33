//! The loader thread: turns a selection into a voice.

use crate::blend::Target;
use crate::controls::MAX_TARGETS;
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K, LOOKAHEAD_FRAMES_50HZ};
use crate::indexing::{EncoderChoice, file_sha256};
use crate::model::onnx::{ContentEncoder, ModelFileError, RvcSynthesizer, SwiftF0};
use crate::model::{
    Encoder, ModelError, NOISE_CHANNELS, SynthesisInput, Synthesizer, Voice, VoiceError, VoiceLayout,
};
use crate::pack::{PackError, PackFile, PackIndex, PackManifest, find_pack};
use crate::retrieval::{self, IndexFileError, Probe, RecallTable, SearchParams, health};
use crate::selection::{IndexRef, PackRef, VoiceSelection};
use crate::status::{StatusCells, VoiceState};
use crate::worker::WorkerCommand;
use crossbeam_channel::{Receiver, Sender};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// A voice that cannot be loaded; what sounds goes on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A model file.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The index file.
    #[error(transparent)]
    Index(#[from] IndexFileError),
    /// Parts that do not go together.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// The first run failed.
    #[error(transparent)]
    FirstRun(#[from] ModelError),
    /// A part that neither the selection nor a pack names.
    #[error("no {what} was chosen")]
    Nothing {
        /// Which part.
        what: &'static str,
    },
    /// The pack has no such target.
    #[error("the voice pack \"{pack}\" has no target voice \"{index}\"")]
    NoSuchIndex {
        /// The pack's name.
        pack: String,
        /// The target's.
        index: String,
    },
}

/// What the loader is asked.
pub enum LoaderCommand {
    /// Load this; only the newest of several waiting ones is.
    Load(Box<VoiceSelection>),
    /// End the thread.
    Quit,
}

/// Loads all parts of a selection. `progress` hears 0..1 and what is done.
///
/// # Errors
/// See [`LoadError`].
pub fn load_voice(
    selection: &VoiceSelection,
    mut progress: impl FnMut(f32, &str),
) -> Result<Voice, LoadError> {
    let pack = match &selection.pack {
        PackRef::Embedded(name) => Some(find_pack(name)?),
        PackRef::None => None,
    };
    let pack = pack.as_ref();
    progress(0.1, "voice");
    let own_synthesizer = selection.synthesizer.as_ref().map(|file| file.path.as_path());
    let synthesizer_path = place(
        own_synthesizer,
        pack.map(|pack| (pack, &pack.synthesizer.file)),
        "voice",
    )?;
    let synthesizer = RvcSynthesizer::open(&synthesizer_path)?;
    progress(0.4, "encoder");
    let encoder = load_encoder(selection, pack, synthesizer.dim())?;
    progress(0.7, "pitch tracker");
    // A pitch tracker is no part of a voice: the default pack lends its own.
    let lender = if pack.is_none() {
        Some(find_pack("default")?)
    } else {
        None
    };
    let pitch_path = place(
        None,
        pack.or(lender.as_ref()).map(|pack| (pack, &pack.pitch)),
        "pitch tracker",
    )?;
    let pitch = SwiftF0::open(&pitch_path)?;
    progress(0.8, "index");
    let targets = load_targets(selection, pack, encoder.dim())?;
    let all_packed = selection.encoder.is_none() && own_synthesizer.is_none();
    let mut voice = Voice {
        name: voice_name(targets.first(), pack, own_synthesizer),
        encoder: Box::new(encoder),
        pitch: Box::new(pitch),
        synthesizer: Box::new(synthesizer),
        targets,
        layout: pack
            .filter(|_| all_packed)
            .map_or_else(VoiceLayout::default, PackManifest::layout),
    };
    voice.check()?;
    progress(0.9, "warming up");
    warm_up(&mut voice)?;
    Ok(voice)
}

/// What the user should know of a voice that was loaded: an index that another
/// encoder made, or one of normalised vectors that does not say so.
#[must_use]
pub fn notes(selection: &VoiceSelection, targets: &[Target]) -> Vec<String> {
    let mut notes = Vec::new();
    let made_by = |target: &Target| Some(target.index.sidecar()?.encoder.as_ref()?.sha256.clone());
    if targets.iter().any(|target| made_by(target).is_some())
        && let Some(encoder) = encoder_sha256(selection)
    {
        let others = targets
            .iter()
            .filter(|target| made_by(target).is_some_and(|made| !made.eq_ignore_ascii_case(&encoder)));
        notes.extend(others.map(|target| {
            format!(
                "the index \"{}\" was made with another encoder: its neighbours may be wrong; build it again with this one",
                target.name
            )
        }));
    }
    let unsaid = targets
        .iter()
        .filter(|target| health::is_normalized_unsaid(&*target.index));
    notes.extend(unsaid.map(|target| {
        format!(
            "the index \"{}\" holds vectors of length 1 but has no sidecar that says so: build it again with `--metric cosine`",
            target.name
        )
    }));
    notes
}

/// Fingerprint of the encoder that a selection means.
fn encoder_sha256(selection: &VoiceSelection) -> Option<String> {
    if let Some(own) = &selection.encoder {
        return file_sha256(&own.path).ok();
    }
    match &selection.pack {
        PackRef::Embedded(name) => find_pack(name).ok()?.encoder.file.sha256,
        PackRef::None => None,
    }
}

/// Path of a part: the chosen file, else the pack's.
fn place(
    own: Option<&Path>,
    packed: Option<(&PackManifest, &PackFile)>,
    what: &'static str,
) -> Result<PathBuf, LoadError> {
    match (own, packed) {
        (Some(own), _) => Ok(own.to_path_buf()),
        (None, Some((pack, file))) => Ok(pack.path_of(file)?),
        (None, None) => Err(LoadError::Nothing { what }),
    }
}

fn load_encoder(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    synthesizer_dim: usize,
) -> Result<ContentEncoder, LoadError> {
    let choice = encoder_choice(selection, pack, synthesizer_dim)?;
    Ok(ContentEncoder::open(&choice.path, choice.dim, choice.normalize)?)
}

/// The encoder of a voice that was loaded.
fn encoder_in(selection: &VoiceSelection, dim: usize) -> Option<EncoderChoice> {
    let pack = match &selection.pack {
        PackRef::Embedded(name) => Some(find_pack(name).ok()?),
        PackRef::None => None,
    };
    encoder_choice(selection, pack.as_ref(), dim).ok()
}

/// The encoder that a selection means, and how it is fed.
fn encoder_choice(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    synthesizer_dim: usize,
) -> Result<EncoderChoice, LoadError> {
    let own = selection.encoder.as_ref().map(|file| file.path.as_path());
    let packed = pack.filter(|_| own.is_none()).map(|pack| &pack.encoder);
    Ok(EncoderChoice {
        path: place(own, pack.map(|pack| (pack, &pack.encoder.file)), "encoder")?,
        // Of an encoder with several outputs, the one that the voice was made for.
        dim: Some(packed.map_or(synthesizer_dim, |encoder| encoder.dim)),
        normalize: packed.is_some_and(|encoder| encoder.input_normalize),
    })
}

/// The targets in the order of the morph's weights: the chosen one, then the others.
fn load_targets(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    dim: usize,
) -> Result<Vec<Target>, LoadError> {
    // An own voice does not speak with the pack's targets.
    let speaks_packed = selection.synthesizer.is_none();
    let packed = pack
        .filter(|_| speaks_packed)
        .map_or(&[][..], |pack| &pack.indices);
    let by_name = |index: &PackIndex| IndexRef::Pack(index.name.clone());
    let first = match &selection.index {
        Some(chosen) => Some(chosen.clone()),
        None => packed.first().map(by_name),
    };
    let others = match (&selection.others, &selection.index) {
        (Some(others), _) => others.clone(),
        (None, None) => packed.iter().skip(1).map(by_name).collect(),
        (None, Some(_)) => Vec::new(),
    };
    first
        .iter()
        .chain(&others)
        .filter(|chosen| **chosen != IndexRef::None)
        .take(MAX_TARGETS)
        .map(|chosen| load_target(chosen, pack, dim))
        .collect()
}

fn load_target(chosen: &IndexRef, pack: Option<&PackManifest>, dim: usize) -> Result<Target, LoadError> {
    let (path, name) = match chosen {
        IndexRef::File(file) => (file.path.clone(), stem(&file.path)),
        IndexRef::Pack(name) => {
            let found = pack.and_then(|pack| Some((pack, pack.index(name)?)));
            let (pack, index) = found.ok_or_else(|| LoadError::NoSuchIndex {
                pack: pack.map_or_else(|| "none".to_string(), |pack| pack.name.clone()),
                index: name.clone(),
            })?;
            (pack.path_of(&index.file)?, index.label.clone())
        }
        IndexRef::None => return Err(LoadError::Nothing { what: "target voice" }),
    };
    let target = Target::new(name, retrieval::open(&path, Some(dim))?);
    Ok(if target.recall.points.is_empty() {
        let measured = Probe::at_load(&*target.index).measure(&*target.index, SearchParams::default().k);
        // A search that fails here fails while it runs, too, and is told of there.
        target.with_recall(measured.map_or_else(|_| RecallTable::default(), |measured| measured.table))
    } else {
        target
    })
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn voice_name(target: Option<&Target>, pack: Option<&PackManifest>, synthesizer: Option<&Path>) -> String {
    let voice = synthesizer
        .map(stem)
        .or_else(|| pack.map(|pack| pack.name.clone()))
        .unwrap_or_default();
    match target {
        Some(target) => format!("{voice}: {}", target.name),
        None => voice,
    }
}

/// Runs every model at the sizes of the default hop: first runs are several
/// times slower than all others, and none of them shall be heard.
fn warm_up(voice: &mut Voice) -> Result<(), LoadError> {
    let audio = vec![1e-4; voice.layout.window_frames_50hz * FRAME_STEP_16K + FRAME_TAIL_16K];
    let mut embeddings = Frames::new(voice.encoder.dim());
    for _ in 0..2 {
        voice.encoder.encode(&audio, &mut embeddings)?;
        if voice.encoder.remembers() {
            let piece_16k = (1 + LOOKAHEAD_FRAMES_50HZ) * FRAME_STEP_16K + FRAME_TAIL_16K;
            voice
                .encoder
                .encode_on(&audio[..piece_16k.min(audio.len())], &mut embeddings)?;
        }
        voice
            .pitch
            .track(&audio[..audio.len().min(4240)], &mut Vec::new())?;
        let frames = 2 * (voice.layout.context_frames_100hz.div_ceil(2) + 2);
        let mut doubled = Frames::new(embeddings.dim());
        doubled.resize(frames);
        let mut noise = Frames::new(NOISE_CHANNELS);
        noise.resize(frames);
        let f0_hz = vec![0.0; frames];
        let input = SynthesisInput {
            embeddings_100hz: &doubled,
            f0_hz: &f0_hz,
            noise: &noise,
            skip_100hz: 0,
            held_100hz: 0,
            first_frame_100hz: 0,
        };
        voice.synthesizer.synthesize(input, &mut Vec::new())?;
        if voice.synthesizer.remembers() {
            let (mut two, mut two_noise) = (Frames::new(doubled.dim()), Frames::new(NOISE_CHANNELS));
            two.resize(2);
            two_noise.resize(2);
            let input = SynthesisInput {
                embeddings_100hz: &two,
                f0_hz: &f0_hz[..2],
                noise: &two_noise,
                ..input
            };
            voice.synthesizer.synthesize_on(input, &mut Vec::new())?;
        }
    }
    Ok(())
}

/// A running loader; ends with this value.
pub struct LoaderThread {
    commands: Sender<LoaderCommand>,
    handle: Option<JoinHandle<()>>,
}

impl LoaderThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn spawn(
        commands: (Sender<LoaderCommand>, Receiver<LoaderCommand>),
        worker: Sender<WorkerCommand>,
        status: Arc<StatusCells>,
    ) -> std::io::Result<Self> {
        let (commands, requests) = commands;
        let run = move || {
            while let Ok(LoaderCommand::Load(selection)) = requests.recv() {
                status.loads.deliver(|| {
                    // Where a newer wish is waiting (or the end), this one is over.
                    if requests.is_empty() {
                        serve(&selection, &worker, &status);
                    }
                });
            }
        };
        let handle = std::thread::Builder::new()
            .name("voxmeld loader".into())
            .spawn(run)?;
        Ok(Self {
            commands,
            handle: Some(handle),
        })
    }
}

/// Loads, and tells the outcome.
fn serve(selection: &VoiceSelection, worker: &Sender<WorkerCommand>, status: &StatusCells) {
    if selection.is_nothing() {
        *status.encoder.lock() = None;
        let _ = worker.send(WorkerCommand::Unload);
        return;
    }
    let before = status.voice.lock().clone();
    let began = Instant::now();
    tracing::info!("loading a voice: {selection:?}");
    let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        load_voice(selection, |progress, what| {
            *status.voice.lock() = VoiceState::Loading {
                progress,
                what: what.to_string(),
            };
        })
        .map_err(|error| error.to_string())
    }))
    .unwrap_or_else(|_| Err("the voice could not be loaded: an internal error".to_string()));
    match loaded {
        Ok(voice) => {
            let notes = notes(selection, &voice.targets);
            tracing::info!("loaded \"{}\" in {:.1?}", voice.name, began.elapsed());
            for note in &notes {
                tracing::warn!("{note}");
            }
            *status.message.lock() = None;
            *status.notes.lock() = notes;
            *status.encoder.lock() = encoder_in(selection, voice.encoder.dim());
            let _ = worker.send(WorkerCommand::Swap(Box::new(voice)));
        }
        Err(why) => {
            tracing::warn!("the voice was not loaded: {why}");
            // The running voice goes on; without one this is its state.
            *status.message.lock() = Some(why.clone());
            *status.voice.lock() = match before {
                ready @ VoiceState::Ready { .. } => ready,
                _ => VoiceState::Failed { why },
            };
        }
    }
}

impl Drop for LoaderThread {
    fn drop(&mut self) {
        let _ = self.commands.send(LoaderCommand::Quit);
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}
