//! `voxmeld-cli index build` and `remove`.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::{
    BuildSpec, BuiltIndex, Centres, EncodeWindow, FinishStep, IndexKind, IndexTask, Job, Progress,
    file_sha256, finish, name_in, remove_recordings,
};
use voxmeld_core::names::{name_of, shown_path};
use voxmeld_core::pack::find_pack;
use voxmeld_core::retrieval::ivf::ROUNDS;
use voxmeld_core::retrieval::{Comparison, Plan, Preset, Source, Span, rvc_file_name};
use voxmeld_core::selection::EncoderChoice;
use voxmeld_core::whole_file::check_place;

use super::{look, npy};
use crate::bar::Bar;
use crate::data::DataDir;

/// Length of what an index's name gets for its sidecar (`.json`).
const SIDECAR_SUFFIX_BYTES: usize = 5;

#[derive(Args)]
pub struct Build {
    /// Folder of recordings (MANUAL.md lists the kinds that are read; its folders too) or one recording. What the index
    /// holds of them already is not encoded again
    #[arg(long, conflicts_with = "npy")]
    wavs: Option<PathBuf>,
    /// Folder of features (`.npy`, `[n, d]` or `[1, n, d]`, float16, float32 or float64), in file-name order
    #[arg(long, required_unless_present = "wavs")]
    npy: Option<PathBuf>,
    /// Add the recordings to those that the index has (and make it as it was made, where
    /// nothing else is said); else it will have exactly these
    #[arg(long, requires = "wavs")]
    add: bool,
    /// Encoder (ONNX) for the recordings; the default pack's if none is given
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Feed the encoder zero mean and unit variance
    #[arg(long)]
    normalize: bool,
    /// Values per frame, where the encoder makes several: 256 for voices of RVC v1, 768 for v2 (default: the most).
    #[arg(long)]
    values: Option<usize>,
    /// Encode every frame as the engine does, in windows of so many milliseconds
    /// (slow); 10 s at a time if it is not given
    #[arg(long)]
    live_window_ms: Option<usize>,
    #[command(flatten)]
    data: DataDir,
    /// End with an error where a file of features cannot be used; else it is left out, by name
    #[arg(long, requires = "npy")]
    strict: bool,
    /// Index file to write; with --npy also a folder, for RVC's own names
    #[arg(short, long)]
    output: PathBuf,
    /// Name of the voice, for a file of RVC's name
    #[arg(long, default_value = "voice")]
    name: String,
    /// faiss's factory string, passed through
    #[arg(long, conflicts_with = "preset")]
    factory: Option<String>,
    /// rvc-default, guide or flat; rvc-default if neither this nor a factory is given
    #[arg(long, value_parser = preset)]
    preset: Option<Preset>,
    /// How vectors are compared; l2 if it is not given
    #[arg(long, value_enum)]
    metric: Option<MetricArg>,
    /// Seed of the k-means; 0 if it is not given
    #[arg(long)]
    seed: Option<u32>,
    /// Above 200,000 vectors: so many centres in their place (RVC makes 10,000)
    #[arg(long)]
    minibatch_centres: Option<usize>,
}

impl Build {
    fn kind(&self) -> Option<IndexKind> {
        let factory = self.factory.clone().map(IndexKind::Factory);
        factory.or_else(|| self.preset.map(IndexKind::Preset))
    }

    fn metric(&self) -> Option<Comparison> {
        self.metric.map(Comparison::from)
    }

    fn centres(&self) -> Option<Centres> {
        self.minibatch_centres.map(|count| Centres {
            count,
            above: Centres::RVC_ABOVE.max(count),
        })
    }
}

#[derive(Args)]
pub struct Remove {
    /// Index file
    file: PathBuf,
    /// Recordings, by the names that `index info` lists
    #[arg(required = true)]
    recordings: Vec<OsString>,
}

#[derive(Clone, Copy, ValueEnum)]
enum MetricArg {
    L2,
    Ip,
    Cosine,
}

impl From<MetricArg> for Comparison {
    fn from(metric: MetricArg) -> Self {
        match metric {
            MetricArg::L2 => Self::L2,
            MetricArg::Ip => Self::Ip,
            MetricArg::Cosine => Self::Cosine,
        }
    }
}

fn preset(name: &str) -> Result<Preset, String> {
    let known = Preset::ALL.into_iter().find(|(known, _)| *known == name);
    known
        .map(|(_, preset)| preset)
        .ok_or_else(|| format!("one of {}", Preset::ALL.map(|(name, _)| name).join(", ")))
}

pub fn run(args: &Build) -> Result<()> {
    match (&args.wavs, &args.npy) {
        (Some(recordings), _) => of_recordings(args, recordings),
        (None, Some(features)) => of_features(args, features),
        (None, None) => bail!("--wavs or --npy is needed"),
    }
}

pub fn remove(args: &Remove) -> Result<()> {
    check_place(&args.file, SIDECAR_SUFFIX_BYTES)?;
    let names: Vec<String> = args.recordings.iter().map(|name| name_of(name)).collect();
    report(&remove_recordings(&args.file, &names, &Progress::default())?)
}

/// Says on the terminal what was made.
fn report(made: &BuiltIndex) -> Result<()> {
    for why in &made.left_out {
        eprintln!("left out: {why}");
    }
    for warning in &made.warnings {
        eprintln!("note: {warning}");
    }
    if made.reused > 0 {
        eprintln!("{} recordings did not have to be encoded again", made.reused);
    }
    look::file(&made.path)
}

fn of_recordings(args: &Build, recordings: &Path) -> Result<()> {
    check_place(&args.output, SIDECAR_SUFFIX_BYTES)?;
    let mut job = Job {
        recordings: recordings.to_path_buf(),
        encoder: encoder(args)?,
        // Without the pack the median pitch is not measured.
        pitch_tracker: find_pack("default")
            .ok()
            .and_then(|pack| pack.path_of(&pack.pitch).ok()),
        window: EncodeWindow::LONG,
        output: args.output.clone(),
        kind: IndexKind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: args.centres(),
        add: args.add,
        base: None,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    if args.add {
        job.like_base()?;
    }
    job.kind = args.kind().unwrap_or(job.kind);
    job.metric = args.metric().unwrap_or(job.metric);
    job.seed = args.seed.unwrap_or(job.seed);
    let live = args.live_window_ms.map(|ms| EncodeWindow::live(ms / 20));
    job.window = live.unwrap_or(job.window);
    let task = IndexTask::spawn(job)?;
    let progress = Arc::clone(task.progress());
    // The first Ctrl-C ends it in order; what is encoded is kept for the next time.
    ctrlc::set_handler(move || progress.stop())?;
    report(&watch(&task)?)
}

/// Shows the bar until there is an outcome.
fn watch(task: &IndexTask) -> Result<BuiltIndex> {
    let bar = Bar::new()?;
    loop {
        let progress = task.progress();
        let left = progress
            .time_left()
            .map_or_else(String::new, |left| format!("{}, ", time_left(left)));
        bar.show(progress.fraction(), format!("{left}{}", progress.text()));
        if let Some(outcome) = task.poll() {
            return Ok(outcome?);
        }
        ensure!(!task.is_over(), "the index could not be built: an internal error");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// "5 min left".
fn time_left(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..90 => format!("{seconds} s left"),
        seconds @ 90..5400 => format!("{} min left", seconds.div_ceil(60)),
        seconds => format!("{} h {} min left", seconds / 3600, seconds % 3600 / 60),
    }
}

fn encoder(args: &Build) -> Result<EncoderChoice> {
    args.data.set()?;
    if let Some(path) = &args.encoder {
        ensure!(path.is_file(), "--encoder: there is no file {}", shown_path(path));
        return Ok(EncoderChoice {
            path: path.clone(),
            dim: args.values,
            normalize: args.normalize,
        });
    }
    let pack = find_pack("default").context("no --encoder, and the default pack was not found")?;
    Ok(EncoderChoice {
        path: pack.path_of(&pack.encoder.file)?,
        dim: Some(pack.encoder.dim),
        normalize: pack.encoder.input_normalize,
    })
}

fn of_features(args: &Build, folder: &Path) -> Result<()> {
    // With a folder as output, the index gets RVC's own name in it.
    let named = if args.output.is_dir() {
        args.output.join(npy::TOTAL)
    } else {
        args.output.clone()
    };
    check_place(&named, SIDECAR_SUFFIX_BYTES)?;
    let (mut vectors, sources) = features_in(folder, args.strict)?;
    let (count, dim) = (Centres::left_of(args.centres(), vectors.len()), vectors.dim());
    let plan = match args.kind() {
        Some(IndexKind::Factory(factory)) => Plan::of(&factory, count),
        Some(IndexKind::Preset(preset)) => Plan::preset(preset, count, dim)?,
        None => Plan::preset(Preset::RvcDefault, count, dim)?,
    };
    for warning in &plan.warnings {
        eprintln!("note: {warning}");
    }
    let path = if args.output.is_dir() {
        args.output.join(rvc_file_name(&plan.factory, 1, &args.name, dim))
    } else {
        args.output.clone()
    };
    npy::write(&path.with_file_name(npy::TOTAL), &vectors)?;
    let spec = BuildSpec {
        factory: plan.factory,
        k_factor: plan.k_factor,
        metric: args.metric().unwrap_or_default(),
        seed: args.seed.unwrap_or_default(),
        centres: args.centres(),
        f0_median_hz: None,
    };
    let bar = Bar::new()?;
    let show = |step| {
        match step {
            #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
            FinishStep::Centres { percent } => bar.show(0.4 * percent as f32 / 100.0, "finding centres"),
            #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
            FinishStep::Train { round } => {
                bar.show(0.4 + 0.4 * round as f32 / ROUNDS as f32, "training the lists")
            }
            FinishStep::Measure => bar.show(0.8, "measuring what they find"),
            FinishStep::Write => bar.show(0.9, "writing the index"),
        }
        ControlFlow::Continue(())
    };
    finish(&mut vectors, &spec, None, sources, &path, show)?;
    drop(bar);
    if look::file(&path).is_err() {
        eprintln!("note: faiss itself opens {}, Voxmeld does not", shown_path(&path));
    }
    Ok(())
}

fn features_in(folder: &Path, strict: bool) -> Result<(Frames, Vec<Source>)> {
    let features = npy::read_all(folder, strict)?;
    for why in &features.left_out {
        eprintln!("left out: {why}");
    }
    let parent = folder.parent().filter(|_| folder.is_file()).unwrap_or(folder);
    let dim = features.files.first().map_or(1, |(_, frames)| frames.dim());
    let mut vectors = Frames::new(dim);
    let mut sources = Vec::new();
    for (path, frames) in features.files {
        sources.push(Source {
            file: name_in(parent, &path),
            sha256: file_sha256(&path).with_context(|| format!("{} cannot be read", shown_path(&path)))?,
            spans: vec![Span {
                first_id: vectors.len(),
                len: frames.len(),
                start_frame_50hz: 0,
            }],
        });
        frames.rows().for_each(|row| vectors.push(row));
    }
    ensure!(!vectors.is_empty(), "the features are empty");
    Ok((vectors, sources))
}
