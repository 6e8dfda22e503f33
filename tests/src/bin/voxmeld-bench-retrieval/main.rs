//! The bench of retrieval: what a frame's search costs and finds, beside faiss's own
//! loop over the same index in the same run.
//!
//! Not a test: nothing here passes or fails by the clock.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    clippy::cast_possible_wrap,
    reason = "figures for people to read"
)]

mod made;

use anyhow::{Result, bail};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::ivf::Trained;
use voxmeld_core::retrieval::{EmbeddingIndex, Metric, Neighbours, Plan, Preset, Probe, SearchParams, open};
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::Machine;
use voxmeld_tests::{env, say};

const K: usize = 8;
/// Frames that are looked up.
const QUERIES: usize = 400;
/// The loops run so often in turn; the quickest of each counts.
const REPEATS: usize = 5;

/// One line of the table.
#[derive(Serialize)]
struct Run {
    vectors: usize,
    dim: usize,
    factory: String,
    n_probe: usize,
    /// Mean time of a frame's search, alone.
    us_per_frame: f64,
    /// Of faiss's own search, called in a loop.
    faiss_us_per_frame: f64,
    ratio: f64,
    recall_at_8: f64,
    build_s: f64,
    load_ms: f64,
    /// What the process grew by when the index was opened.
    resident_mb: f64,
}

/// `bench_retrieval.json`.
#[derive(Serialize)]
struct Bench {
    data: &'static str,
    k: usize,
    threads: u32,
    runs: Vec<Run>,
    machine: Machine,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// `--quick`: the smallest set only. `--full`: 200,000 vectors too, which takes half an hour.
fn sizes() -> Result<&'static [usize]> {
    match std::env::args().nth(1).as_deref() {
        None => Ok(&[10_000, 50_000]),
        Some("--quick") => Ok(&[10_000]),
        Some("--full") => Ok(&[10_000, 50_000, 200_000]),
        Some(word) => bail!("unknown argument {word}: voxmeld-bench-retrieval [--quick | --full]"),
    }
}

fn run() -> Result<()> {
    let machine = Machine::this();
    say(format!(
        "{}, {} cores, {}",
        machine.cpu, machine.cores, machine.system
    ));
    say("vectors made to lie like a voice's; one thread, k = 8\n");
    say(format!(
        "{:>7} {:>4} {:<26} {:>6} {:>9} {:>9} {:>6} {:>9} {:>8} {:>8} {:>8}",
        "N",
        "dim",
        "index",
        "probes",
        "us/frame",
        "faiss us",
        "ratio",
        "recall@8",
        "build s",
        "load ms",
        "MB"
    ));
    let mut bench = Bench {
        data: "synthetic",
        k: K,
        threads: 1,
        runs: Vec::new(),
        machine,
    };
    for &vectors in sizes()? {
        for dim in [256, 768] {
            let (vectors, queries) = made::voice(vectors, QUERIES, dim);
            for (_, preset) in Preset::ALL {
                let plan = Plan::preset(preset, vectors.len(), dim)?;
                for run in measure(&plan, &vectors, &queries)? {
                    line(&run);
                    bench.runs.push(run);
                }
            }
        }
    }
    if let Some(warning) = bench.machine.warning() {
        say(warning);
    }
    let out = env::target().join("bench");
    std::fs::create_dir_all(&out)?;
    let path = out.join("bench_retrieval.json");
    std::fs::write(&path, serde_json::to_string_pretty(&bench)? + "\n")?;
    say(path.display());
    Ok(())
}

fn measure(plan: &Plan, vectors: &Frames, queries: &Frames) -> Result<Vec<Run>> {
    let started = Instant::now();
    let mut trained = Trained::train(&plan.factory, vectors, Metric::L2, 1)?;
    trained.set_k_factor(plan.k_factor);
    trained.fill(vectors)?;
    let build_s = started.elapsed().as_secs_f64();
    let path: PathBuf = env::scratch("bench_retrieval")?.join("bench.index");
    trained.save(&path)?;
    let before = resident_mb();
    let started = Instant::now();
    let index = open(&path, Some(vectors.dim()))?;
    let load_ms = started.elapsed().as_secs_f64() * 1000.0;
    let grown_mb = resident_mb() - before;
    let table = Probe::held_out(queries, &*index).measure(&*index, K)?.table;
    let probes: &[usize] = if index.list_sizes().len() > 1 {
        &[1, 8]
    } else {
        &[1]
    };
    let mut runs = Vec::new();
    for &n_probe in probes {
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        // In turn, so that what else the machine does meets both.
        for _ in 0..REPEATS {
            ours = ours.min(our_loop(&*index, queries, n_probe)?);
            theirs = theirs.min(trained.faiss_loop(queries, K, n_probe)?.as_secs_f64());
        }
        let per_frame = |seconds: f64| seconds * 1e6 / queries.len() as f64;
        let point = table.points.iter().find(|point| point.n_probe == n_probe);
        runs.push(Run {
            vectors: vectors.len(),
            dim: vectors.dim(),
            factory: plan.factory.clone(),
            n_probe,
            us_per_frame: round(per_frame(ours), 1),
            faiss_us_per_frame: round(per_frame(theirs), 1),
            ratio: round(ours / theirs, 3),
            recall_at_8: round(point.map_or(f64::NAN, |point| point.recall as f64), 3),
            build_s: round(build_s, 1),
            load_ms: round(load_ms, 0),
            resident_mb: round(grown_mb, 1),
        });
    }
    Ok(runs)
}

/// Seconds for all queries, one search for each, as the engine does it.
fn our_loop(index: &dyn EmbeddingIndex, queries: &Frames, n_probe: usize) -> Result<f64> {
    let params = SearchParams {
        k: K,
        n_probe,
        ..SearchParams::default()
    };
    let mut query = Frames::new(queries.dim());
    let mut found = Neighbours::default();
    let started = Instant::now();
    for row in queries.rows() {
        query.clear(queries.dim());
        query.push(row);
        index.search(&query, params, &mut found)?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn resident_mb() -> f64 {
    const PAGE: f64 = 4096.0;
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    pages.unwrap_or(f64::NAN) * PAGE / 1e6
}

fn line(run: &Run) {
    say(format!(
        "{:>7} {:>4} {:<26} {:>6} {:>9.1} {:>9.1} {:>6.3} {:>9.3} {:>8.1} {:>8.0} {:>8.1}",
        run.vectors,
        run.dim,
        run.factory,
        run.n_probe,
        run.us_per_frame,
        run.faiss_us_per_frame,
        run.ratio,
        run.recall_at_8,
        run.build_s,
        run.load_ms,
        run.resident_mb
    ));
}
