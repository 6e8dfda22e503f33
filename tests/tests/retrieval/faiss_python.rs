//! Index files exchanged with faiss's Python package: each side opens the other's files and finds the same
//! neighbours.

use anyhow::{Context, Result, ensure};
use ndarray::{Array2, ArrayView2};
use ndarray_npy::{NpzReader, NpzWriter, write_npy};
use serde::Serialize;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use voxmeld_core::dsp::noise;
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::{BuildSpec, finish};
use voxmeld_core::retrieval::{Comparison, Neighbours, SearchParams, open};
use voxmeld_tests::env;

const DIM: usize = 64;
const VECTORS: usize = 3000;
const QUERIES: usize = 64;

#[derive(Serialize)]
struct Case {
    name: &'static str,
    factory: &'static str,
    metric: Comparison,
    n_probe: usize,
    k_factor: usize,
}

const CASES: [Case; 6] = [
    case("ivf_l2", "IVF50,Flat", Comparison::L2, 1),
    case("ivf_l2_8", "IVF50,Flat", Comparison::L2, 8),
    case("ivf_ip", "IVF50,Flat", Comparison::Ip, 4),
    case("pqfs_l2", "IVF50,PQ32x4fs,RFlat", Comparison::L2, 8),
    case("pqfs_ip", "IVF50,PQ32x4fs,RFlat", Comparison::Ip, 4),
    case("flat", "Flat", Comparison::L2, 1),
];

const fn case(name: &'static str, factory: &'static str, metric: Comparison, n_probe: usize) -> Case {
    Case {
        name,
        factory,
        metric,
        n_probe,
        k_factor: 3,
    }
}

/// Points of 40 overlapping clusters, equal for equal seeds.
fn points(count: usize, seed: u64) -> Frames {
    let (mut centre, mut noise) = (vec![0.0; DIM], vec![0.0; DIM]);
    let mut points = Frames::new(DIM);
    for n in 0..count {
        noise::fill_normal(1, i64::try_from(n % 40).expect("small"), &mut centre);
        noise::fill_normal(seed, i64::try_from(n).expect("small"), &mut noise);
        let row: Vec<f32> = centre.iter().zip(&noise).map(|(c, x)| 1.5 * c + x).collect();
        points.push(&row);
    }
    points
}

fn python(task: &str, folder: &Path) -> Result<()> {
    let script = env::workspace()
        .join("tests")
        .join("python")
        .join("faiss_parity.py");
    let output = Command::new(env::python()?)
        .args(["-X", "utf8"])
        .arg(script)
        .arg(task)
        .arg(folder)
        .output()
        .context("Python could not be started")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && stdout.trim_end().ends_with("passed"),
        "{task}: {}\n{stdout}\n{stderr}",
        output.status
    );
    Ok(())
}

fn search(path: &Path, case: &Case, queries: &Frames) -> Result<Neighbours> {
    let params = SearchParams {
        k: 8,
        n_probe: case.n_probe,
        k_factor: case.k_factor,
        ..SearchParams::default()
    };
    let mut found = Neighbours::default();
    open(path, Some(DIM))?.search(queries, params, &mut found)?;
    Ok(found)
}

fn save(path: &Path, frames: &Frames) -> Result<()> {
    let view = ArrayView2::from_shape((frames.len(), frames.dim()), frames.data())?;
    Ok(write_npy(path, &view)?)
}

#[test]
fn python_faiss_and_voxmeld_find_equal_neighbours_in_each_others_files() -> Result<()> {
    let folder = env::scratch("faiss_python")?;
    let (vectors, queries) = (points(VECTORS, 2), points(QUERIES, 3));
    save(&folder.join("vectors.npy"), &vectors)?;
    save(&folder.join("queries.npy"), &queries)?;
    std::fs::write(folder.join("cases.json"), serde_json::to_string(&CASES)?)?;

    python("write", &folder)?;
    for case in &CASES {
        let found = search(&folder.join(format!("{}_faiss.index", case.name)), case, &queries)?;
        let mut expected = NpzReader::new(File::open(folder.join(format!("{}_faiss.npz", case.name)))?)?;
        let ids: Array2<i64> = expected.by_name("ids")?;
        let distances: Array2<f32> = expected.by_name("distances")?;
        assert!(ids.iter().eq(&found.ids), "{}: other neighbours", case.name);
        for ((ours, theirs), id) in found.distances.iter().zip(&distances).zip(&ids) {
            let close = *id < 0 || (ours - theirs).abs() <= 1e-4 * theirs.abs();
            assert!(close, "{}: distances {ours} and {theirs}", case.name);
        }
    }

    for case in &CASES {
        let path = folder.join(format!("{}.index", case.name));
        let spec = BuildSpec {
            factory: case.factory.into(),
            k_factor: 1,
            metric: case.metric,
            seed: 5,
            centres: None,
            f0_median_hz: None,
        };
        finish(&mut vectors.clone(), &spec, None, Vec::new(), &path, |_| {
            ControlFlow::Continue(())
        })?;
        let found = search(&path, case, &queries)?;
        let mut results = NpzWriter::new(File::create(folder.join(format!("{}.npz", case.name)))?);
        let shape = (QUERIES, 8);
        results.add_array("ids", &Array2::from_shape_vec(shape, found.ids)?)?;
        results.add_array("distances", &Array2::from_shape_vec(shape, found.distances)?)?;
        results.finish()?;
    }
    python("compare", &folder)
}
