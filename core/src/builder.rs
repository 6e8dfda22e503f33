//! Makes and grows indices while a voice runs: what the editor's two buttons do.
//!
//! Thread: a wish comes from the GUI and returns at once; it is fulfilled on a thread
//! of its own, with an encoder of its own. The worker only copies samples out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use crate::indexing::{EncodeWindow, EncoderChoice, IndexingError, Job, Kind, Made, Progress};
use crate::pack::{PackError, find_pack};
use crate::retrieval::{Comparison, IndexFileError, Preset, Sidecar};
use crate::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use crate::units::ENCODER_RATE;
use crate::worker::WorkerCommand;

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexWish {
    /// An index of all recordings in a folder; it lies in that folder and has its name.
    Folder(PathBuf),
    /// The last half minute of input, as one more recording of the index that is
    /// chosen. A pack's index stays as it is: a copy of it grows in the folder `own`.
    LastInput {
        /// Folder for indices that lie nowhere yet.
        own: PathBuf,
    },
}

/// How a wish stands; for the editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IndexWork {
    /// There was none.
    #[default]
    None,
    /// It is being fulfilled.
    Running {
        /// 0..1.
        fraction: f32,
        /// What is being done, in words.
        what: String,
        /// Time that is left, if it goes on like this.
        left: Option<Duration>,
    },
    /// It is fulfilled, and the index is being loaded.
    Done {
        /// What was made, in a sentence.
        said: String,
    },
    /// It is not; the voice goes on with the index that it had.
    Failed {
        /// Why, in a sentence.
        why: String,
    },
}

/// A wish that was not fulfilled. Indices that were there are as they were.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// No encoder.
    #[error("an index is made with a voice's encoder: load a voice first")]
    NoVoice,
    /// No input.
    #[error("nothing was heard yet: let the plugin run while you speak")]
    NothingHeard,
    /// The recording of the input.
    #[error("the input could not be written to {}: {why}", path.display())]
    Recording {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        why: String,
    },
    /// The pack whose index shall grow.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The index.
    #[error(transparent)]
    Indexing(#[from] IndexingError),
    /// No thread.
    #[error("the index could not be built: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a wish needs to know of its instance, as it was when it was made.
pub struct Instance {
    /// What was chosen.
    pub selection: VoiceSelection,
    /// The encoder of the voice that runs.
    pub encoder: Option<EncoderChoice>,
    /// The way to the worker.
    pub worker: Sender<WorkerCommand>,
}

/// A wish that was fulfilled.
pub struct Fulfilled {
    /// What to choose now.
    pub selection: VoiceSelection,
    /// What to tell.
    pub said: String,
}

/// One instance's wishes, one at a time.
#[derive(Default)]
pub struct IndexBuilder(Mutex<Desk>);

#[derive(Default)]
struct Desk {
    running: Option<Running>,
    last: IndexWork,
    closed: bool,
}

struct Running {
    progress: Arc<Progress>,
    thread: JoinHandle<()>,
}

impl IndexBuilder {
    /// Starts on a wish; `done` hears the outcome on the thread that did the work, and
    /// says how the wish stands then. While another one runs, nothing happens.
    pub fn start(
        &self,
        wish: IndexWish,
        instance: Instance,
        done: impl FnOnce(Result<Fulfilled, WishError>) + Send + 'static,
    ) {
        let mut desk = self.0.lock();
        desk.clear_away();
        if desk.closed || desk.running.is_some() {
            return;
        }
        // Asked for right now: what is said after the click does not belong to it.
        let heard = matches!(wish, IndexWish::LastInput { .. }).then(|| {
            let (send, heard) = bounded(1);
            let _ = instance.worker.send(WorkerCommand::GiveRecent(send));
            heard
        });
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let run = move || done(fulfil(&wish, &instance, heard.as_ref(), &shared));
        match std::thread::Builder::new()
            .name("voxmeld index".into())
            .spawn(run)
        {
            Ok(thread) => {
                desk.last = IndexWork::None;
                desk.running = Some(Running { progress, thread });
            }
            Err(error) => {
                desk.last = IndexWork::Failed {
                    why: WishError::Thread(error).to_string(),
                };
            }
        }
    }

    /// Asks the work to end; what is encoded is kept for the same wish again.
    pub fn stop(&self) {
        if let Some(running) = &self.0.lock().running {
            running.progress.stop();
        }
    }

    /// How things stand.
    #[must_use]
    pub fn work(&self) -> IndexWork {
        let mut desk = self.0.lock();
        desk.clear_away();
        match &desk.running {
            Some(Running { progress, .. }) => IndexWork::Running {
                fraction: progress.fraction(),
                what: progress.what(),
                left: progress.left(),
            },
            None => desk.last.clone(),
        }
    }

    /// Keeps what is told of the wish that ends.
    pub fn tell(&self, work: IndexWork) {
        self.0.lock().last = work;
    }

    /// Ends the work and waits for that: at most the encoding of one window or one
    /// round of training. No other wish is taken after this.
    pub fn close(&self) {
        let running = {
            let mut desk = self.0.lock();
            desk.closed = true;
            desk.running.take()
        };
        if let Some(Running { progress, thread }) = running {
            progress.stop();
            let _ = thread.join();
        }
    }
}

impl Desk {
    /// Takes a thread away that has ended.
    fn clear_away(&mut self) {
        if let Some(Running { thread, .. }) = self.running.take_if(|running| running.thread.is_finished())
            && thread.join().is_err()
        {
            self.last = IndexWork::Failed {
                why: "the index could not be built: an internal error".into(),
            };
        }
    }
}

/// Longest wait for the worker, which answers between two hops.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least input that is worth it: what an encoder can make sense of.
const LEAST_16K: usize = ENCODER_RATE.0 as usize / 2;

fn fulfil(
    wish: &IndexWish,
    instance: &Instance,
    heard: Option<&Receiver<Vec<f32>>>,
    progress: &Progress,
) -> Result<Fulfilled, WishError> {
    let encoder = instance.encoder.clone().ok_or(WishError::NoVoice)?;
    match wish {
        IndexWish::Folder(folder) => of_folder(folder, encoder, instance, progress),
        IndexWish::LastInput { own } => {
            let heard = heard.and_then(|heard| heard.recv_timeout(PATIENCE).ok());
            let samples = heard.filter(|samples| samples.len() >= LEAST_16K);
            let samples = samples.ok_or(WishError::NothingHeard)?;
            of_input(&samples, own, encoder, instance, progress)
        }
    }
}

fn of_folder(
    folder: &Path,
    encoder: EncoderChoice,
    instance: &Instance,
    progress: &Progress,
) -> Result<Fulfilled, WishError> {
    let name = folder.file_stem().unwrap_or("voice".as_ref());
    let job = Job {
        recordings: folder.to_path_buf(),
        encoder,
        window: EncodeWindow::LONG,
        output: folder.join(name).with_extension("index"),
        kind: Kind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: None,
        add: false,
        base: None,
    };
    let made = job.run(progress)?;
    let mut selection = instance.selection.clone();
    selection.index = Some(IndexRef::File(FileRef::at(&made.path)));
    Ok(Fulfilled {
        selection,
        said: said_of_folder(&made),
    })
}

fn said_of_folder(made: &Made) -> String {
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

fn of_input(
    samples_16k: &[f32],
    own: &Path,
    encoder: EncoderChoice,
    instance: &Instance,
    progress: &Progress,
) -> Result<Fulfilled, WishError> {
    let chosen = Chosen::of(&instance.selection, own)?;
    let sidecar = Sidecar::read(&chosen.base).map_err(IndexFileError::from);
    let sidecar = sidecar.map_err(IndexingError::from)?;
    let take = chosen.new_take(sidecar.as_ref());
    write_recording(&take, samples_16k)?;
    let mut job = Job {
        recordings: take.clone(),
        encoder,
        window: EncodeWindow::LONG,
        output: chosen.output,
        kind: Kind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: None,
        add: true,
        base: Some(chosen.base),
    };
    if let Some(sidecar) = &sidecar {
        job.like(sidecar);
    }
    let made = job.run(progress).inspect_err(|_| {
        // Of no use without the index.
        let _ = fs::remove_file(&take);
    })?;
    let name = name_of(&take);
    let sources = made.sidecar.sources.iter().filter(|source| source.file == name);
    let frames: usize = sources
        .flat_map(|source| &source.spans)
        .map(|span| span.len)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
    let seconds = frames as f32 / 50.0;
    Ok(Fulfilled {
        selection: VoiceSelection {
            index: Some(IndexRef::File(FileRef::at(&made.path))),
            others: chosen.others,
            ..instance.selection.clone()
        },
        said: format!(
            "{seconds:.1} s of speech were added to {} as {name}",
            name_of(&made.path)
        ),
    })
}

/// The index that is chosen, and where it may grow.
struct Chosen {
    /// What it is now; perhaps not there yet.
    base: PathBuf,
    /// What it will be.
    output: PathBuf,
    /// The further targets, which a pack's first brings along.
    others: Option<Vec<IndexRef>>,
}

impl Chosen {
    fn of(selection: &VoiceSelection, own: &Path) -> Result<Self, WishError> {
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
            // Grown before: it goes on from there.
            _ if output.exists() => output.clone(),
            (Some(index), Some(pack)) => pack.path_of(&index.file)?,
            _ => output.clone(),
        };
        Ok(Self { base, output, others })
    }

    /// A file for a recording whose name neither the folder nor the index has.
    fn new_take(&self, sidecar: Option<&Sidecar>) -> PathBuf {
        let folder = self.output.with_extension("takes");
        let known = sidecar.map_or(&[][..], |sidecar| &sidecar.sources);
        let names = (1..).map(|n| format!("take-{n:04}.wav"));
        let mut free = names
            .filter(|name| !folder.join(name).exists() && known.iter().all(|source| source.file != *name));
        // An endless row has a next.
        folder.join(free.next().unwrap_or_default())
    }
}

fn write_recording(path: &Path, samples_16k: &[f32]) -> Result<(), WishError> {
    let fail = |why: String| WishError::Recording {
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

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
