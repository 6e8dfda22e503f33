//! Benchmark of retrieval: time and recall of the search for one frame, compared with faiss's own loop over the same
//! index in the same run.
//!
//! Not a test: nothing passes or fails by the clock.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    clippy::cast_possible_wrap,
    reason = "figures for people to read"
)]

mod synthetic;

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
/// Number of frames that are searched.
const QUERIES: usize = 400;
/// Both loops run this often, in turn. The shortest time of each query counts, because other programs interrupt some
/// of the runs.
const REPEATS: usize = 9;
/// After this time no further repeat is started, but there are at least two.
const REPEAT_TIME: Duration = Duration::from_secs(20);
/// Numbers of vectors that are measured.
const SIZES: [usize; 3] = [10_000, 50_000, 200_000];
/// The file with the results so far.
const RESULTS_FILE: &str = "runs.json";
/// Kinds of indices; `few` has the lowest number of lists that faiss recommends.
const KINDS: [&str; 4] = ["flat", "few", "guide", "rvc"];

/// One line of the table.
#[derive(Clone, Serialize, Deserialize)]
struct Run {
    vectors: usize,
    dim: usize,
    kind: String,
    factory: String,
    n_probe: usize,
    /// Mean time of the search for one frame.
    us_per_frame: f64,
    /// The same for faiss's own search in the same file, called in a loop.
    faiss_us_per_frame: f64,
    ratio: f64,
    recall_at_8: f64,
    /// Processor time of one core; wall time would include other programs.
    build_s: f64,
    load_ms: f64,
    /// Growth of a new process by opening the index.
    resident_mb: f64,
    /// Load average (see [`Machine`]) after the search.
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

/// `--quick`: the smallest size only. `--of N`: N vectors only. `--resume`: skips what an interrupted run has
/// measured.
fn run() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => bench(&SIZES, false),
        ["--resume"] => bench(&SIZES, true),
        ["--quick"] => bench(&SIZES[..1], false),
        ["--of", count] => bench(&[count.parse()?], false),
        // Every index is built and searched in child processes, so that the growth of a
        // process is the size of the index.
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
        "{}, {} cores, {}; load {:.2} before the run",
        machine.cpu, machine.cores, machine.system, machine.load
    ));
    say("synthetic vectors with a structure like speech; one thread, k = 8\n");
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
    let earlier: Vec<Run> = match fs::read(folder()?.join(RESULTS_FILE)) {
        Ok(bytes) if resume => serde_json::from_slice(&bytes)?,
        _ => Vec::new(),
    };
    for &vectors in sizes {
        for dim in [256, 768] {
            let of = [vectors.to_string(), dim.to_string()];
            let mut is_made = false;
            for kind in KINDS {
                if plan(kind, vectors, dim)?.is_none() {
                    continue;
                }
                let is_this = |run: &&Run| (run.vectors, run.dim, run.kind.as_str()) == (vectors, dim, kind);
                let known: Vec<Run> = earlier.iter().filter(is_this).cloned().collect();
                if !known.is_empty() {
                    known.iter().for_each(print_run);
                    bench.runs.extend(known);
                    continue;
                }
                if !is_made {
                    child::<()>("--make", &of)?;
                    is_made = true;
                }
                let of = [&of[..], &[kind.to_string()]].concat();
                let built: Built = child("--build", &of)?;
                for mut run in child::<Vec<Run>>("--search", &of)? {
                    run.build_s = built.seconds;
                    run.factory.clone_from(&built.factory);
                    print_run(&run);
                    bench.runs.push(run);
                }
                fs::write(folder()?.join(RESULTS_FILE), serde_json::to_string(&bench.runs)?)?;
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

/// Runs this program again with other arguments; parses its output.
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

/// The output of `--build`.
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

/// The plan of a kind of index for `count` vectors; `None` if it equals another kind's.
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
        _ => bail!("unknown kind of index: {kind}"),
    };
    Ok(Some(Plan::preset(preset, count, dim)?))
}

/// Writes vectors and queries for all indices of this size.
fn make(count: usize, dim: usize) -> Result<()> {
    let (vectors, queries) = synthetic::vectors_and_queries(count, QUERIES, dim);
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
    let plan = plan(kind, count, dim)?.context("this kind equals another one")?;
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
    let mut faiss_index = Trained::open(&path)?;
    let table = Probe::held_out(&queries, &*index).measure(&*index, K)?.table;
    let probes: &[usize] = if index.list_sizes().len() > 1 {
        &[1, 8]
    } else {
        // Milliseconds each, so fewer queries are enough.
        queries.resize(if vectors > 10_000 { QUERIES / 8 } else { QUERIES });
        &[1]
    };
    let mut runs = Vec::new();
    for &n_probe in probes {
        let mut ours = vec![Duration::MAX; queries.len()];
        let mut faiss = ours.clone();
        // In turn, so that other programs slow both down equally.
        let started = Instant::now();
        for turn in 0..REPEATS {
            if turn >= 2 && started.elapsed() > REPEAT_TIME {
                break;
            }
            keep_quickest(&mut ours, &our_loop(&*index, &queries, n_probe)?);
            keep_quickest(&mut faiss, &faiss_index.faiss_loop(&queries, K, n_probe)?);
        }
        let seconds = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64();
        let (our_s, faiss_s) = (seconds(&ours), seconds(&faiss));
        let per_frame = |seconds: f64| seconds * 1e6 / queries.len() as f64;
        let point = table.points.iter().find(|point| point.n_probe == n_probe);
        runs.push(Run {
            vectors,
            dim,
            kind: kind.into(),
            factory: String::new(),
            n_probe,
            us_per_frame: round(per_frame(our_s), 1),
            faiss_us_per_frame: round(per_frame(faiss_s), 1),
            ratio: round(our_s / faiss_s, 3),
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

/// The time of each query, searched one by one as in the engine.
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

fn print_run(run: &Run) {
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
