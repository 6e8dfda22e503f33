//! `voxmeld-cli index info` and `check`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use voxmeld_core::retrieval::{EmbeddingIndex, Metric, health, open};

#[derive(Args)]
pub struct Look {
    /// Index file
    file: PathBuf,
    /// Neighbours per frame
    #[arg(long, default_value_t = 8)]
    k: usize,
}

pub fn info(args: &Look) -> Result<()> {
    let mut text = Vec::new();
    describe(&mut text, &*open(&args.file, None)?)?;
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
    writeln!(text, "compared  by {metric}")?;
    writeln!(text, "lists     {}", index.list_sizes().len())?;
    let Some(sidecar) = index.sidecar() else {
        writeln!(text, "sidecar   none")?;
        return Ok(());
    };
    writeln!(text, "factory   {}", sidecar.factory)?;
    writeln!(text, "seed      {}", sidecar.seed)?;
    if let Some(encoder) = &sidecar.encoder {
        writeln!(text, "encoder   {} ({})", encoder.file, encoder.sha256)?;
    }
    for source in &sidecar.sources {
        let frames: usize = source.spans.iter().map(|span| span.len).sum();
        writeln!(text, "          {frames:6} frames of {}", source.file)?;
    }
    Ok(())
}

pub fn check(args: &Look) -> Result<()> {
    let index = open(&args.file, None)?;
    let mut text = Vec::new();
    describe(&mut text, &*index)?;
    let health = health::check(&*index, args.k);
    let (shortest, median, longest) = health.list_spread();
    writeln!(
        text,
        "list size {shortest} to {longest}, half of them up to {median}"
    )?;
    writeln!(
        text,
        "short     {} lists with fewer than {} vectors",
        health.short_lists, health.k
    )?;
    writeln!(text, "repeats   {}", health.duplicates)?;
    for warning in health.warnings() {
        writeln!(text, "note: {warning}")?;
    }
    say(&text)
}
