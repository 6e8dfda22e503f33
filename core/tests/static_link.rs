//! What `build.rs` promises: faiss works, starts no thread, and brings no BLAS or OpenMP library along.

use std::error::Error;
use std::fs;

use faiss::{Index, index_factory};

const DIM: u32 = 32;
const ROWS: u32 = 1000;

/// A fixed sequence in -1..1 (a linear congruential generator), so that a failure repeats.
fn noise(count: u32) -> Vec<f32> {
    let mut state = 1_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [.., low, high] = state.to_le_bytes();
            f32::from(u16::from_le_bytes([low, high])) / 32_768.0 - 1.0
        })
        .collect()
}

fn thread_count() -> Result<usize, Box<dyn Error>> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

#[test]
fn faiss_trains_and_searches_on_the_calling_thread_with_static_blas() -> Result<(), Box<dyn Error>> {
    let rows = noise(DIM * ROWS);
    let threads_before = thread_count()?;

    let mut index = index_factory(DIM, "IVF16,Flat", faiss::MetricType::L2)?;
    index.train(&rows)?;
    index.add(&rows)?;
    let found = index.search(&rows[..DIM as usize * 8], 1)?;

    // Each of the first rows is its own nearest neighbour: k-means, assignment and scan all did their work.
    let labels: Vec<u64> = found.labels.iter().filter_map(|label| label.get()).collect();
    assert_eq!(labels, (0..8).collect::<Vec<u64>>());
    assert!(
        found.distances.iter().all(|d| d.abs() < 1e-4),
        "{:?}",
        found.distances
    );

    assert_eq!(
        thread_count()?,
        threads_before,
        "faiss or BLAS started threads of its own"
    );
    let maps = fs::read_to_string("/proc/self/maps")?;
    for library in [
        "libgomp",
        "libblas",
        "liblapack",
        "openblas",
        "libgfortran",
        "libquadmath",
    ] {
        assert!(!maps.contains(library), "{library} is loaded as a shared library");
    }
    Ok(())
}
