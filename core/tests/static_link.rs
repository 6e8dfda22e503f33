//! What `build.rs` guarantees: faiss works, starts no thread, loads no shared BLAS or OpenMP library, and may be used
//! by several plugin instances at once.

use std::error::Error;
use std::ffi::{c_char, c_int};
use std::fs;

use faiss::{Index, index_factory};
use voxmeld_core::blas;

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

/// Builds an index, and returns the neighbours of the first rows.
fn train_and_search(rows: &[f32], queries: usize) -> Result<(Vec<u64>, Vec<f32>), Box<dyn Error>> {
    let mut index = index_factory(DIM, "IVF16,Flat", faiss::MetricType::L2)?;
    index.train(rows)?;
    index.add(rows)?;
    let found = index.search(&rows[..DIM as usize * queries], 4)?;
    let labels = found
        .labels
        .iter()
        .map(|label| label.get().unwrap_or(u64::MAX))
        .collect();
    Ok((labels, found.distances))
}

// One test for all, because the harness would otherwise run them at the same time: threads are counted here.
#[test]
fn faiss_is_static_starts_no_thread_and_is_safe_from_three_threads() -> Result<(), Box<dyn Error>> {
    assert!(blas::is_linked());
    let rows = noise(DIM * ROWS);
    let threads_before = thread_count()?;

    // Each row has to be its own nearest neighbour, which needs correct k-means, assignment and scan. With 64 queries
    // faiss also uses BLAS in the search.
    let (labels, distances) = train_and_search(&rows, 64)?;
    assert_eq!(
        labels.iter().step_by(4).copied().collect::<Vec<_>>(),
        (0..64).collect::<Vec<u64>>()
    );
    assert!(
        distances.iter().step_by(4).all(|d| d.abs() < 1e-4),
        "{distances:?}"
    );

    assert_eq!(thread_count()?, threads_before, "faiss or BLAS started threads");
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

    // Instances of a plugin call BLAS at the same time. A BLAS that gives two of them the same work buffer sometimes
    // computes wrong products (Debian's serial OpenBLAS did, thousands in this test).
    assert_eq!(
        wrong_products_by_three_threads(),
        0,
        "BLAS is not safe for several threads"
    );
    Ok(())
}

unsafe extern "C" {
    /// c := alpha * op(a) * op(b) + beta * c, column by column (BLAS level 3).
    fn sgemm_(
        op_a: *const c_char,
        op_b: *const c_char,
        rows: *const c_int,
        columns: *const c_int,
        inner: *const c_int,
        alpha: *const f32,
        a: *const f32,
        a_stride: *const c_int,
        b: *const f32,
        b_stride: *const c_int,
        beta: *const f32,
        c: *mut f32,
        c_stride: *const c_int,
    );
}

fn wrong_products_by_three_threads() -> usize {
    // Small, so that most of the time is spent on allocating and freeing buffers.
    const SIDE: u8 = 20;
    const PRODUCTS: usize = 500_000;
    let side = c_int::from(SIDE);
    let cells = usize::from(SIDE) * usize::from(SIDE);
    std::thread::scope(|scope| {
        let work = |value: f32| {
            let (a, b, mut c) = (vec![value; cells], vec![value; cells], vec![0.0_f32; cells]);
            let expected = value * value * f32::from(SIDE);
            let mut wrong = 0;
            for _ in 0..PRODUCTS {
                // SAFETY: three square matrices of `side` columns with a stride of `side` floats, as the arguments say.
                unsafe {
                    sgemm_(
                        c"T".as_ptr(),
                        c"N".as_ptr(),
                        &raw const side,
                        &raw const side,
                        &raw const side,
                        &raw const ONE,
                        a.as_ptr(),
                        &raw const side,
                        b.as_ptr(),
                        &raw const side,
                        &raw const ZERO,
                        c.as_mut_ptr(),
                        &raw const side,
                    );
                }
                wrong += usize::from(c.iter().any(|value| (value - expected).abs() > 1e-3));
            }
            wrong
        };
        let workers = [1.0, 2.0, 3.0].map(|value| scope.spawn(move || work(value)));
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(PRODUCTS))
            .sum()
    })
}

static ONE: f32 = 1.0;
static ZERO: f32 = 0.0;
