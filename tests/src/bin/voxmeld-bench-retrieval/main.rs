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

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::ivf::{Trained, rvc_list_count};
use voxmeld_core::retrieval::{EmbeddingIndex, Metric, Neighbours, Plan, Preset, Probe, SearchParams, open};
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::{Machine, cpu_seconds};
use voxmeld_tests::{env, say};

const K: usize = 8;
/// Frames that are looked up.
const QUERIES: usize = 400;
/// The loops run so often in turn; of each query the quickest time counts, because
/// what else the machine does interrupts some of them.
const REPEATS: usize = 9;
/// Where it takes longer than this, so often as time allows, but twice.
const PATIENCE: Duration = Duration::from_secs(20);
/// Numbers of vectors.
const ALL: [usize; 3] = [10_000, 50_000, 200_000];
/// What is measured so far.
const DONE: &str = "runs.json";
/// Which indices; `few` has the fewest lists that the rule allows.
const KINDS: [&str; 4] = ["flat", "few", "guide", "rvc"];

/// One line of the table.
#[derive(Clone, Serialize, Deserialize)]
struct Run {
    vectors: usize,
    dim: usize,
    kind: String,
    factory: String,
    n_probe: usize,
    /// Mean time of a frame's search, alone.
    us_per_frame: f64,
    /// Of faiss's own search of the same file, called in a loop.
    faiss_us_per_frame: f64,
    ratio: f64,
    recall_at_8: f64,
    /// Of one core: the clock would count what other programs took, too.
    build_s: f64,
    load_ms: f64,
    /// What a fresh process grew by when the index was opened and searched once.
    resident_mb: f64,
    /// As [`Machine`] has it, when it was searched.
    load: f64,
}

/// `bench_retrieval.json`.
#[derive(Serialize)]
struct Bench {
    data: &'static str,
    k: usize,
    threads: u32,
    runs: Vec<Run>,
    machine: Machine,
    minutes: f64,
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

/// `--quick`: the smallest set only. `--of N`: so many vectors only. `--resume`: what a
/// run that was ended has measured is not measured again.
fn run() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => bench(&ALL, false),
        ["--resume"] => bench(&ALL, true),
        ["--quick"] => bench(&ALL[..1], false),
        ["--of", count] => bench(&[count.parse()?], false),
        // Every index is built and searched in processes of its own: so what a process
        // grows by is the index, and nothing that was there before.
        ["--make", count, dim] => make(count.parse()?, dim.parse()?),
        ["--build", count, dim, kind] => build(count.parse()?, dim.parse()?, kind),
        ["--search", count, dim, kind] => search(count.parse()?, dim.parse()?, kind),
        _ => bail!("voxmeld-bench-retrieval [--quick | --of N | --resume]"),
    }
}

fn bench(sizes: &[usize], resume: bool) -> Result<()> {
    let machine = Machine::this();
    let started = Instant::now();
    say(format!(
        "{}, {} cores, {}; load {:.2} before",
        machine.cpu, machine.cores, machine.system, machine.load
    ));
    say("vectors made to lie like a voice's; one thread, k = 8\n");
    say(format!(
        "{:>7} {:>4} {:<26} {:>6} {:>9} {:>9} {:>6} {:>9} {:>8} {:>8} {:>8} {:>5}",
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
        "MB",
        "load"
    ));
    let mut bench = Bench {
        data: "synthetic",
        k: K,
        threads: 1,
        runs: Vec::new(),
        machine,
        minutes: 0.0,
    };
    let earlier: Vec<Run> = match fs::read(folder()?.join(DONE)) {
        Ok(bytes) if resume => serde_json::from_slice(&bytes)?,
        _ => Vec::new(),
    };
    for &vectors in sizes {
        for dim in [256, 768] {
            let of = [vectors.to_string(), dim.to_string()];
            let mut made = false;
            for kind in KINDS {
                if plan(kind, vectors, dim)?.is_none() {
                    continue;
                }
                let this = |run: &&Run| (run.vectors, run.dim, run.kind.as_str()) == (vectors, dim, kind);
                let known: Vec<Run> = earlier.iter().filter(this).cloned().collect();
                if !known.is_empty() {
                    known.iter().for_each(line);
                    bench.runs.extend(known);
                    continue;
                }
                if !made {
                    child::<()>("--make", &of)?;
                    made = true;
                }
                let of = [&of[..], &[kind.to_string()]].concat();
                let built: Built = child("--build", &of)?;
                for mut run in child::<Vec<Run>>("--search", &of)? {
                    run.build_s = built.seconds;
                    run.factory.clone_from(&built.factory);
                    line(&run);
                    bench.runs.push(run);
                }
                fs::write(folder()?.join(DONE), serde_json::to_string(&bench.runs)?)?;
            }
        }
    }
    fs::remove_dir_all(folder()?)?;
    bench.minutes = round(started.elapsed().as_secs_f64() / 60.0, 1);
    say(format!("\n{:.1} minutes", bench.minutes));
    if let Some(warning) = bench.machine.warning() {
        say(warning);
    }
    let out = env::target().join("bench");
    fs::create_dir_all(&out)?;
    let path = out.join("bench_retrieval.json");
    fs::write(&path, serde_json::to_string_pretty(&bench)? + "\n")?;
    say(path.display());
    Ok(())
}

/// This very program again; what it has said.
fn child<T: for<'de> Deserialize<'de>>(command: &str, of: &[String]) -> Result<T> {
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .arg(command)
        .args(of)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "{command} {of:?}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What building says.
#[derive(Serialize, Deserialize)]
struct Built {
    factory: String,
    seconds: f64,
}

fn folder() -> Result<PathBuf> {
    let folder = env::target().join("bench").join("retrieval");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What a kind of index is for so many vectors; `None` where it would be another one's double.
fn plan(kind: &str, count: usize, dim: usize) -> Result<Option<Plan>> {
    let preset = match kind {
        "flat" => Preset::Flat,
        "rvc" => Preset::RvcDefault,
        "guide" => Preset::Guide,
        "few" => {
            let lists = 4 * count.isqrt();
            let fewer = lists < rvc_list_count(count);
            return Ok(fewer.then(|| Plan::of(&format!("IVF{lists},Flat"), count)));
        }
        _ => bail!("no index is called {kind}"),
    };
    Ok(Some(Plan::preset(preset, count, dim)?))
}

/// Vectors and queries, for all indices of this size.
fn make(count: usize, dim: usize) -> Result<()> {
    let (vectors, queries) = made::voice(count, QUERIES, dim);
    for (name, frames) in [("vectors", vectors), ("queries", queries)] {
        let mut file = BufWriter::new(File::create(folder()?.join(name))?);
        for value in frames.data() {
            file.write_all(&value.to_le_bytes())?;
        }
        file.flush()?;
    }
    say("null");
    Ok(())
}

fn read(name: &str, dim: usize) -> Result<Frames> {
    let bytes = fs::read(folder()?.join(name))?;
    let (values, _) = bytes.as_chunks::<4>();
    let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    Ok(Frames::from_data(dim, values))
}

fn build(count: usize, dim: usize, kind: &str) -> Result<()> {
    let vectors = read("vectors", dim)?;
    let plan = plan(kind, count, dim)?.context("no such index")?;
    let before = cpu_seconds();
    let mut trained = Trained::train(&plan.factory, &vectors, Metric::L2, 1)?;
    trained.set_k_factor(plan.k_factor);
    trained.fill(&vectors)?;
    let seconds = round(cpu_seconds() - before, 1);
    trained.save(&folder()?.join("bench.index"))?;
    let factory = plan.factory;
    say(serde_json::to_string(&Built { factory, seconds })?);
    Ok(())
}

fn search(vectors: usize, dim: usize, kind: &str) -> Result<()> {
    let mut queries = read("queries", dim)?;
    let path = folder()?.join("bench.index");
    let before = resident_mb();
    let started = Instant::now();
    let index = open(&path, Some(dim))?;
    let load_ms = started.elapsed().as_secs_f64() * 1000.0;
    let grown_mb = resident_mb() - before;
    let mut theirs = Trained::open(&path)?;
    let table = Probe::held_out(&queries, &*index).measure(&*index, K)?.table;
    let probes: &[usize] = if index.list_sizes().len() > 1 {
        &[1, 8]
    } else {
        // Milliseconds each, of which many tell no more than some.
        queries.resize(if vectors > 10_000 { QUERIES / 8 } else { QUERIES });
        &[1]
    };
    let mut runs = Vec::new();
    for &n_probe in probes {
        let mut ours = vec![Duration::MAX; queries.len()];
        let mut faiss = ours.clone();
        // In turn, so that what else the machine does meets both.
        let started = Instant::now();
        for turn in 0..REPEATS {
            if turn >= 2 && started.elapsed() > PATIENCE {
                break;
            }
            keep_quickest(&mut ours, &our_loop(&*index, &queries, n_probe)?);
            keep_quickest(&mut faiss, &theirs.faiss_loop(&queries, K, n_probe)?);
        }
        let seconds = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64();
        let (our_s, their_s) = (seconds(&ours), seconds(&faiss));
        let per_frame = |seconds: f64| seconds * 1e6 / queries.len() as f64;
        let point = table.points.iter().find(|point| point.n_probe == n_probe);
        runs.push(Run {
            vectors,
            dim,
            kind: kind.into(),
            factory: String::new(),
            n_probe,
            us_per_frame: round(per_frame(our_s), 1),
            faiss_us_per_frame: round(per_frame(their_s), 1),
            ratio: round(our_s / their_s, 3),
            recall_at_8: round(point.map_or(f64::NAN, |point| point.recall as f64), 3),
            build_s: 0.0,
            load_ms: round(load_ms, 0),
            resident_mb: round(grown_mb, 1),
            load: round(Machine::this().load, 1),
        });
    }
    say(serde_json::to_string(&runs)?);
    Ok(())
}

fn keep_quickest(quickest: &mut [Duration], times: &[Duration]) {
    for (best, &time) in quickest.iter_mut().zip(times) {
        *best = time.min(*best);
    }
}

/// The time of each query, one search for each, as the engine does it.
fn our_loop(index: &dyn EmbeddingIndex, queries: &Frames, n_probe: usize) -> Result<Vec<Duration>> {
    let params = SearchParams {
        k: K,
        n_probe,
        ..SearchParams::default()
    };
    let mut query = Frames::new(queries.dim());
    let mut found = Neighbours::default();
    let mut times = Vec::new();
    for row in queries.rows() {
        query.clear(queries.dim());
        query.push(row);
        let started = Instant::now();
        index.search(&query, params, &mut found)?;
        times.push(started.elapsed());
    }
    Ok(times)
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
        "{:>7} {:>4} {:<26} {:>6} {:>9.1} {:>9.1} {:>6.3} {:>9.3} {:>8.1} {:>8.0} {:>8.1} {:>5.1}",
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
        run.resident_mb,
        run.load
    ));
}
