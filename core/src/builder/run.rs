//! Runs a request: index of a folder, or extension by the last input.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::request::{IndexRequest, IndexRequestError, IndexResult, Instance};
use crate::indexing::{BuiltIndex, EncodeWindow, IndexKind, IndexingError, Job, Progress};
use crate::pack::find_pack;
use crate::retrieval::{Comparison, Preset, Sidecar};
use crate::selection::{EncoderChoice, FileRef, IndexRef, PackRef, VoiceSelection};
use crate::units::ENCODER_RATE;

/// Longest wait for the worker, which replies between two hops.
const WORKER_TIMEOUT: Duration = Duration::from_secs(5);
/// Shortest input that is added (0.5 s).
const MIN_INPUT_16K: usize = ENCODER_RATE.0 as usize / 2;

/// Runs a request on this thread; `input` receives the samples of [`IndexRequest::LastInput`].
///
/// # Errors
/// See [`IndexRequestError`].
pub(super) fn run(
    request: &IndexRequest,
    instance: &Instance,
    input: Option<&Receiver<Vec<f32>>>,
    progress: &Progress,
) -> Result<IndexResult, IndexRequestError> {
    let encoder = instance.encoder.clone().ok_or(IndexRequestError::NoVoice)?;
    match request {
        IndexRequest::Folder(folder) => index_folder(folder, encoder, instance, progress),
        IndexRequest::LastInput { own } => {
            let input = input.and_then(|input| input.recv_timeout(WORKER_TIMEOUT).ok());
            let samples = input.filter(|samples| samples.len() >= MIN_INPUT_16K);
            let samples = samples.ok_or(IndexRequestError::NoInput)?;
            add_input(&samples, own, encoder, instance, progress)
        }
    }
}

fn index_folder(
    folder: &Path,
    encoder: EncoderChoice,
    instance: &Instance,
    progress: &Progress,
) -> Result<IndexResult, IndexRequestError> {
    let name = folder.file_stem().unwrap_or("voice".as_ref());
    let job = Job {
        recordings: folder.to_path_buf(),
        encoder,
        pitch_tracker: built_in_tracker(),
        window: EncodeWindow::LONG,
        output: folder.join(name).with_extension("index"),
        kind: IndexKind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: None,
        add: false,
        base: None,
        // The other cores are the host's.
        threads: 1,
    };
    let made = job.run(progress)?;
    let mut selection = instance.selection.clone();
    selection.index = Some(IndexRef::File(FileRef::at(&made.path)));
    Ok(IndexResult {
        selection,
        summary: summary_of_folder(&made),
    })
}

/// The default pack's pitch tracker.
fn built_in_tracker() -> Option<PathBuf> {
    let pack = find_pack("default").ok()?;
    pack.path_of(&pack.pitch).ok()
}

fn summary_of_folder(made: &BuiltIndex) -> String {
    let Sidecar { vectors, sources, .. } = &made.sidecar;
    let left_out = match &made.left_out[..] {
        [] => String::new(),
        [only] => format!("; left out: {only}"),
        [first, others @ ..] => format!("; {} were left out, the first: {first}", others.len() + 1),
    };
    format!(
        "built of {} recordings: {vectors} frames{left_out}",
        sources.len()
    )
}

fn add_input(
    samples_16k: &[f32],
    own: &Path,
    encoder: EncoderChoice,
    instance: &Instance,
    progress: &Progress,
) -> Result<IndexResult, IndexRequestError> {
    let chosen = Chosen::of(&instance.selection, own)?;
    let mut job = Job {
        recordings: PathBuf::new(),
        encoder,
        pitch_tracker: built_in_tracker(),
        window: EncodeWindow::LONG,
        output: chosen.output.clone(),
        kind: IndexKind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: None,
        add: true,
        base: Some(chosen.base.clone()),
        threads: 1,
    };
    let sidecar = job.like_base().map_err(IndexingError::from)?;
    let take = chosen.new_take(sidecar.as_ref());
    write_recording(&take, samples_16k)?;
    job.recordings.clone_from(&take);
    let made = job.run(progress).inspect_err(|_| {
        // The recording is useless without the index.
        let _ = fs::remove_file(&take);
    })?;
    let name = file_name(&take);
    let sources = made.sidecar.sources.iter().filter(|source| source.file == name);
    let frames: usize = sources
        .flat_map(|source| &source.spans)
        .map(|span| span.len)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
    let seconds = frames as f32 / 50.0;
    Ok(IndexResult {
        selection: VoiceSelection {
            index: Some(IndexRef::File(FileRef::at(&made.path))),
            others: chosen.others,
            ..instance.selection.clone()
        },
        summary: [format!(
            "{seconds:.1} s of speech were added to {} as {name}",
            file_name(&made.path)
        )]
        .into_iter()
        .chain(made.warnings)
        .collect::<Vec<_>>()
        .join("; "),
    })
}

/// The chosen index, and the file to write.
struct Chosen {
    /// The present index; may not exist yet.
    base: PathBuf,
    /// The file to write.
    output: PathBuf,
    /// Further targets; for a pack's first target, the pack's others.
    others: Option<Vec<IndexRef>>,
}

impl Chosen {
    fn of(selection: &VoiceSelection, own: &Path) -> Result<Self, IndexRequestError> {
        let pack = match &selection.pack {
            PackRef::Embedded(name) if selection.synthesizer.is_none() => Some(find_pack(name)?),
            _ => None,
        };
        let indices = pack.as_ref().map_or(&[][..], |pack| &pack.indices);
        let mut others = selection.others.clone();
        let packed = match &selection.index {
            Some(IndexRef::File(file)) => {
                return Ok(Self {
                    base: file.path.clone(),
                    output: file.path.clone(),
                    others,
                });
            }
            Some(IndexRef::Pack(name)) => indices.iter().find(|index| index.name == *name),
            Some(IndexRef::None) => None,
            None => {
                let rest = indices.iter().skip(1);
                others =
                    others.or_else(|| Some(rest.map(|index| IndexRef::Pack(index.name.clone())).collect()));
                indices.first()
            }
        };
        let name = packed.map_or("own", |index| &index.name);
        let output = own.join(format!("{name}.index"));
        let base = match (packed, &pack) {
            // Extended before: continue with that file.
            _ if output.exists() => output.clone(),
            (Some(index), Some(pack)) => pack.path_of(&index.file)?,
            _ => output.clone(),
        };
        Ok(Self { base, output, others })
    }

    /// A recording file whose name is used neither in the folder nor in the index.
    fn new_take(&self, sidecar: Option<&Sidecar>) -> PathBuf {
        let folder = self.output.with_extension("takes");
        let known = sidecar.map_or(&[][..], |sidecar| &sidecar.sources);
        let names = (1..).map(|n| format!("take-{n:04}.wav"));
        let mut free = names
            .filter(|name| !folder.join(name).exists() && known.iter().all(|source| source.file != *name));
        // The range is endless, so there is a next one.
        folder.join(free.next().unwrap_or_default())
    }
}

fn write_recording(path: &Path, samples_16k: &[f32]) -> Result<(), IndexRequestError> {
    let fail = |why: String| IndexRequestError::Recording {
        path: path.to_path_buf(),
        why,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: ENCODER_RATE.0,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let write = || {
        let mut writer = hound::WavWriter::create(path, spec)?;
        for &sample in samples_16k {
            writer.write_sample(sample)?;
        }
        writer.finalize()
    };
    write().map_err(|error| fail(error.to_string()))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
