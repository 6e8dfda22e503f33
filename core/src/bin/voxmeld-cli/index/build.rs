//! `voxmeld-cli index build` and `remove`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::{
    BuildSpec, Centres, EncodeWindow, FinishStep, IndexTask, Job, Kind, Made, Progress, file_sha256, finish,
    name_in, remove_recordings,
};
use voxmeld_core::pack::{find_pack, set_data_dir};
use voxmeld_core::retrieval::ivf::ROUNDS;
use voxmeld_core::retrieval::{Comparison, Plan, Preset, Source, Span, rvc_file_name};
use voxmeld_core::selection::EncoderChoice;

use super::{look, npy};

#[derive(Args)]
pub struct Build {
    /// Folder of recordings (WAV, FLAC, MP3, OGG; its folders too) or one recording.
    /// What the index holds of them already is not encoded again
    #[arg(long, conflicts_with = "npy")]
    wavs: Option<PathBuf>,
    /// Folder of features (`[n, d]` float32 or float16), in file-name order
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
    /// Encode every frame as the engine does, in windows of so many milliseconds
    /// (slow); 10 s at a time if it is not given
    #[arg(long)]
    live_window_ms: Option<usize>,
    /// Folder with ONNX Runtime and the default pack (the bundle's `voxmeld.data`)
    #[arg(long, env = "VOXMELD_DATA")]
    data: Option<PathBuf>,
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
    fn kind(&self) -> Option<Kind> {
        let factory = self.factory.clone().map(Kind::Factory);
        factory.or_else(|| self.preset.map(Kind::Preset))
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
    recordings: Vec<String>,
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
    told(&remove_recordings(
        &args.file,
        &args.recordings,
        &Progress::default(),
    )?)
}

/// What was made, on the terminal.
fn told(made: &Made) -> Result<()> {
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
    ensure!(
        !args.output.is_dir(),
        "{} is a folder; name the file",
        args.output.display()
    );
    let mut job = Job {
        recordings: recordings.to_path_buf(),
        encoder: encoder(args)?,
        window: EncodeWindow::LONG,
        output: args.output.clone(),
        kind: Kind::Preset(Preset::RvcDefault),
        metric: Comparison::L2,
        seed: 0,
        centres: args.centres(),
        add: args.add,
        base: None,
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
    told(&watch(&task)?)
}

/// Shows the bar until there is an outcome.
fn watch(task: &IndexTask) -> Result<Made> {
    const STEPS: u64 = 1000;
    let bar = ProgressBar::new(STEPS);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}")?);
    loop {
        let progress = task.progress();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0 to 1000"
        )]
        bar.set_position((progress.fraction() * STEPS as f32) as u64);
        let left = progress
            .left()
            .map_or_else(String::new, |left| format!("{} s left, ", left.as_secs()));
        bar.set_message(format!("{left}{}", progress.what()));
        if let Some(outcome) = task.poll() {
            bar.finish_and_clear();
            return Ok(outcome?);
        }
        ensure!(!task.is_over(), "the index could not be built: an internal error");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn encoder(args: &Build) -> Result<EncoderChoice> {
    if let Some(data) = &args.data {
        set_data_dir(data);
    }
    if let Some(path) = &args.encoder {
        return Ok(EncoderChoice {
            path: path.clone(),
            dim: None,
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
    let (mut vectors, sources) = features_in(folder)?;
    let (count, dim) = (Centres::left_of(args.centres(), vectors.len()), vectors.dim());
    let plan = match args.kind() {
        Some(Kind::Factory(factory)) => Plan::of(&factory, count),
        Some(Kind::Preset(preset)) => Plan::preset(preset, count, dim)?,
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
    };
    let said = |step| {
        match step {
            FinishStep::Centres { percent } => eprint!("\rcentres {percent:3} % "),
            FinishStep::Train { round } => eprint!("\rtraining {round} of {ROUNDS} rounds "),
            FinishStep::Measure => eprintln!("\nmeasuring"),
            FinishStep::Write => eprintln!("writing"),
        }
        ControlFlow::Continue(())
    };
    finish(&mut vectors, &spec, None, sources, &path, said)?;
    if look::file(&path).is_err() {
        eprintln!("note: faiss itself opens {}, Voxmeld does not", path.display());
    }
    Ok(())
}

fn features_in(folder: &Path) -> Result<(Frames, Vec<Source>)> {
    let mut vectors: Option<Frames> = None;
    let mut sources = Vec::new();
    for (path, frames) in npy::read_all(folder)? {
        let vectors = vectors.get_or_insert_with(|| Frames::new(frames.dim()));
        ensure!(
            frames.dim() == vectors.dim(),
            "{} has {} values a row, the files before it {}",
            path.display(),
            frames.dim(),
            vectors.dim()
        );
        ensure!(
            frames.data().iter().all(|value| value.is_finite()),
            "{} holds values that are not numbers",
            path.display()
        );
        if !frames.is_empty() {
            sources.push(Source {
                file: name_in(
                    folder.parent().filter(|_| folder.is_file()).unwrap_or(folder),
                    &path,
                ),
                sha256: file_sha256(&path)?,
                spans: vec![Span {
                    first_id: vectors.len(),
                    len: frames.len(),
                    start_frame_50hz: 0,
                }],
            });
        }
        frames.rows().for_each(|row| vectors.push(row));
    }
    let vectors = vectors.context("no features")?;
    ensure!(!vectors.is_empty(), "the features are empty");
    Ok((vectors, sources))
}
