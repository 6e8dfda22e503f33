//! `voxmeld-cli index build`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::{BuildSpec, EncodeWindow, Recording, embed, file_sha256, finish, recordings_in};
use voxmeld_core::model::Encoder;
use voxmeld_core::model::onnx::ContentEncoder;
use voxmeld_core::pack::{find_pack, set_data_dir};
use voxmeld_core::retrieval::{Comparison, EncoderInfo, Plan, Preset, Source, Span, rvc_file_name};

use super::npy;

#[derive(Args)]
pub struct Build {
    /// Folder of recordings (WAV, FLAC, MP3, OGG; its folders too) or one recording
    #[arg(long, conflicts_with = "npy")]
    wavs: Option<PathBuf>,
    /// Folder of features (`[n, d]` float32 or float16), in file-name order
    #[arg(long, required_unless_present = "wavs")]
    npy: Option<PathBuf>,
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
    /// Index file to write, or a folder for a file of RVC's name
    #[arg(short, long)]
    output: PathBuf,
    /// Name of the voice, for a file of RVC's name
    #[arg(long, default_value = "voice")]
    name: String,
    /// faiss's factory string, passed through
    #[arg(long, conflicts_with = "preset")]
    factory: Option<String>,
    /// rvc-default, guide or flat
    #[arg(long, default_value = "rvc-default", value_parser = preset)]
    preset: Preset,
    /// How vectors are compared
    #[arg(long, value_enum, default_value_t = MetricArg::L2)]
    metric: MetricArg,
    /// Seed of the k-means
    #[arg(long, default_value_t = 0)]
    seed: u32,
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

/// Vectors and where they are from.
struct Gathered {
    vectors: Frames,
    sources: Vec<Source>,
    encoder: Option<EncoderInfo>,
}

pub fn run(args: &Build) -> Result<()> {
    let mut gathered = match (&args.wavs, &args.npy) {
        (Some(folder), _) => from_recordings(args, folder)?,
        (None, Some(folder)) => from_features(folder)?,
        (None, None) => bail!("--wavs or --npy is needed"),
    };
    let (count, dim) = (gathered.vectors.len(), gathered.vectors.dim());
    ensure!(count > 0, "no speech was found; check the recordings");
    let plan = match &args.factory {
        Some(factory) => Plan::of(factory, count),
        None => Plan::preset(args.preset, count, dim)?,
    };
    for warning in &plan.warnings {
        eprintln!("note: {warning}");
    }
    let path = if args.output.is_dir() {
        npy::write(&args.output.join(npy::TOTAL), &gathered.vectors)?;
        args.output.join(rvc_file_name(&plan.factory, 1, &args.name, dim))
    } else {
        args.output.clone()
    };
    eprintln!("{count} vectors of {dim} values, {}", plan.factory);
    let spec = BuildSpec {
        factory: plan.factory,
        k_factor: plan.k_factor,
        metric: args.metric.into(),
        seed: args.seed,
    };
    finish(
        &mut gathered.vectors,
        &spec,
        gathered.encoder,
        gathered.sources,
        &path,
    )?;
    println!("{}", path.display());
    Ok(())
}

fn from_features(folder: &Path) -> Result<Gathered> {
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
                file: name_in(folder, &path),
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
    Ok(Gathered {
        vectors: vectors.context("no features")?,
        sources,
        encoder: None,
    })
}

fn from_recordings(args: &Build, folder: &Path) -> Result<Gathered> {
    let (mut encoder, info) = open_encoder(args)?;
    let files = if folder.is_file() {
        vec![folder.to_path_buf()]
    } else {
        recordings_in(folder).with_context(|| format!("cannot list {}", folder.display()))?
    };
    ensure!(
        !files.is_empty(),
        "{} holds no recordings (WAV, FLAC, MP3, OGG)",
        folder.display()
    );
    let window = window(args);
    let mut vectors = Frames::new(encoder.dim());
    let mut sources = Vec::new();
    for (n, path) in files.iter().enumerate() {
        eprintln!("{} of {}: {}", n + 1, files.len(), path.display());
        let audio = match Recording::read(path) {
            Ok(recording) => recording.at_rate(16_000),
            Err(error) => {
                eprintln!("left out: {error}");
                continue;
            }
        };
        let Some(audio) = audio else {
            eprintln!("left out: its sample rate cannot be converted");
            continue;
        };
        let kept = embed(&mut encoder, &audio, window, |_, _| ControlFlow::Continue(()))?;
        let Some(mut kept) = kept.filter(|kept| !kept.embeddings.is_empty()) else {
            eprintln!("left out: no speech in it");
            continue;
        };
        for span in &mut kept.spans {
            span.first_id += vectors.len();
        }
        kept.embeddings.rows().for_each(|row| vectors.push(row));
        sources.push(Source {
            file: name_in(folder, path),
            sha256: file_sha256(path)?,
            spans: kept.spans,
        });
    }
    Ok(Gathered {
        vectors,
        sources,
        encoder: Some(info),
    })
}

fn window(args: &Build) -> EncodeWindow {
    args.live_window_ms
        .map_or(EncodeWindow::LONG, |ms| EncodeWindow::live(ms / 20))
}

fn open_encoder(args: &Build) -> Result<(ContentEncoder, EncoderInfo)> {
    if let Some(data) = &args.data {
        set_data_dir(data);
    }
    let (path, dim, normalize) = match &args.encoder {
        Some(path) => (path.clone(), None, args.normalize),
        None => {
            let pack = find_pack("default").context("no --encoder, and the default pack was not found")?;
            let path = pack.path_of(&pack.encoder.file)?;
            (path, Some(pack.encoder.dim), pack.encoder.input_normalize)
        }
    };
    let encoder = ContentEncoder::open(&path, dim, normalize)?;
    let info = EncoderInfo {
        file: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        sha256: file_sha256(&path)?,
        normalize,
        window_frames_50hz: window(args).frames(),
    };
    Ok((encoder, info))
}

/// Path inside the folder, with `/` everywhere.
fn name_in(folder: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let inside = if inside.as_os_str().is_empty() {
        Path::new(path.file_name().unwrap_or_default())
    } else {
        inside
    };
    inside.to_string_lossy().replace('\\', "/")
}
