//! `voxmeld-cli index info` and `check`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use voxmeld_core::indexing::file_sha256;
use voxmeld_core::names::{shown, shown_path};
use voxmeld_core::retrieval::{
    DistancePercentiles, EmbeddingIndex, EncoderFit, Metric, Probe, RecallTable, health, open, probe_warning,
};

use super::npy;

#[derive(Args)]
pub struct Info {
    /// Index file
    file: PathBuf,
}

#[derive(Args)]
pub struct Check {
    /// Index file
    file: PathBuf,
    /// Neighbours per frame
    #[arg(long, default_value_t = 8)]
    k: usize,
    /// Encoder (ONNX) that it shall be used with
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Frames that are not in the index, to measure its recall with
    #[arg(long)]
    npy: Option<PathBuf>,
    /// Microseconds that the search of a frame may take, for "auto"
    #[arg(long, default_value_t = 1000.0)]
    us_per_frame: f32,
}

pub fn info(args: &Info) -> Result<()> {
    file(&args.file)
}

/// Says on the terminal what an index file is.
pub fn file(path: &Path) -> Result<()> {
    let mut text = Vec::new();
    let index = open(path, None)?;
    describe(&mut text, &*index)?;
    if let Some(sidecar) = index.sidecar() {
        if let Some(recall) = &sidecar.recall {
            recall_table(&mut text, recall)?;
        }
        if let Some(distances) = sidecar.distances {
            percentiles(&mut text, distances)?;
        }
    }
    say(&text)
}

/// A reader that has seen enough (`| head`) is no error.
fn say(text: &[u8]) -> Result<()> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn describe(text: &mut impl Write, index: &dyn EmbeddingIndex) -> Result<()> {
    let metric = match index.metric() {
        Metric::L2 => "L2",
        Metric::InnerProduct => "inner product",
    };
    writeln!(text, "vectors   {} of {} values", index.len(), index.dim())?;
    writeln!(text, "memory    {:.1} MB", megabytes(index.memory_bytes()))?;
    writeln!(text, "compared  by {metric}")?;
    writeln!(text, "lists     {}", index.list_sizes().len())?;
    if let Some(conversion) = index.conversion() {
        writeln!(text, "file      {conversion}")?;
    }
    let Some(sidecar) = index.sidecar() else {
        writeln!(text, "sidecar   none")?;
        return Ok(());
    };
    writeln!(text, "factory   {}", sidecar.factory)?;
    writeln!(text, "metric    {:?}", sidecar.metric)?;
    writeln!(text, "seed      {}", sidecar.seed)?;
    if let Some(encoder) = &sidecar.encoder {
        writeln!(text, "encoder   {} ({})", encoder.file, encoder.sha256)?;
    }
    if let Some(centres) = sidecar.centres {
        writeln!(
            text,
            "centres   of {} vectors; they find {:.1} % of the neighbours that those have",
            centres.of,
            100.0 * centres.recall
        )?;
    }
    for source in &sidecar.sources {
        let frames: usize = source.spans.iter().map(|span| span.len).sum();
        writeln!(text, "          {frames:6} frames of {}", shown(&source.file))?;
    }
    Ok(())
}

pub fn check(args: &Check) -> Result<()> {
    let index = open(&args.file, None)?;
    let mut text = Vec::new();
    describe(&mut text, &*index)?;
    let health = health::check(&*index, args.k);
    let (shortest, median, longest) = health.list_spread();
    writeln!(
        text,
        "list size {shortest} to {longest}, half of them up to {median}"
    )?;
    for (class, count) in health.histogram().iter().enumerate() {
        let (from, to) = (1_usize << class >> 1, (1_usize << class) - 1);
        writeln!(text, "          {count:6} lists of {from} to {to}")?;
    }
    writeln!(
        text,
        "short     {} lists with fewer than {} vectors",
        health.short_lists, health.k
    )?;
    writeln!(text, "repeats   {}", health.duplicates)?;
    writeln!(text, "not finite {}", health.non_finite)?;

    let queries = args.npy.as_deref().map(npy::read).transpose()?;
    let probe = match &queries {
        Some(queries) => Probe::held_out(queries, &*index),
        None => Probe::left_out(&*index),
    };
    let measured = probe.measure(&*index, args.k)?;
    recall_table(&mut text, &measured.table)?;
    percentiles(&mut text, measured.distances)?;
    let auto = measured.table.auto_probes(args.us_per_frame);
    writeln!(text, "auto      {auto} probes")?;

    let mut warnings = health.warnings();
    warnings.extend(probe_warning(auto, index.list_sizes().len()));
    warnings.extend(encoder_warning(args, &*index)?);
    if let Some(queries) = &queries
        && EncoderFit::of_frames(&*index, queries)? == Some(true)
    {
        warnings.push(
            "these frames are not nearer to any of its vectors than to others: made with another encoder?"
                .into(),
        );
    }
    for warning in warnings {
        writeln!(text, "note: {warning}")?;
    }
    say(&text)
}

fn recall_table(text: &mut impl Write, table: &RecallTable) -> Result<()> {
    let how = if table.held_out {
        "frames that were held out"
    } else {
        "of its own vectors, each left out of its own count"
    };
    writeln!(text, "recall@{}, {} {how}:", table.k, table.frames)?;
    for point in &table.points {
        writeln!(
            text,
            "          {:2} probes {:5.1} %  {:6.0} us a frame",
            point.n_probe,
            100.0 * point.recall,
            point.us_per_frame
        )?;
    }
    Ok(())
}

fn percentiles(text: &mut impl Write, at: DistancePercentiles) -> Result<()> {
    writeln!(
        text,
        "distance  {:.3} (1 %)  {:.3} (5 %)  {:.3} (25 %)  {:.3} (half)  {:.3} (75 %)  {:.3} (95 %)  {:.3} (99 %)",
        at.p1, at.p5, at.p25, at.p50, at.p75, at.p95, at.p99
    )?;
    Ok(())
}

fn encoder_warning(args: &Check, index: &dyn EmbeddingIndex) -> Result<Option<String>> {
    let Some(path) = &args.encoder else {
        return Ok(None);
    };
    let Some(made) = index.sidecar().and_then(|sidecar| sidecar.encoder.as_ref()) else {
        return Ok(Some("which encoder made this index is not known".into()));
    };
    let found = file_sha256(path).with_context(|| format!("cannot read {}", shown_path(path)))?;
    Ok((found != made.sha256).then(|| {
        format!(
            "this index was made with another encoder ({}, {}); its neighbours will be wrong",
            made.file, made.sha256
        )
    }))
}

fn megabytes(bytes: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let megabytes = bytes as f64 / 1e6;
    megabytes
}
