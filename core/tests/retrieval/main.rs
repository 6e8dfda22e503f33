//! Retrieval through its public interface, compared with results of faiss in Python
//! (`tests/data/retrieval/make.py`).

mod build;
mod files;
mod golden;
mod kinds;
#[cfg(feature = "shared-data")]
mod rvc_goldens;
mod time;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{EmbeddingIndex, Neighbours, SearchParams, open};

/// A committed file; a missing one fails where it is read.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/retrieval")
        .join(name)
}

fn index(name: &str) -> Arc<dyn EmbeddingIndex> {
    open(&data(name), None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn frames(name: &str) -> Frames {
    let array: ndarray::Array2<f32> = ndarray_npy::read_npy(data(name)).expect(name);
    Frames::from_data(array.ncols(), array.iter().copied().collect())
}

fn search(index: &dyn EmbeddingIndex, queries: &Frames, k: usize, n_probe: usize) -> Neighbours {
    let mut out = Neighbours::default();
    index
        .search(
            queries,
            SearchParams {
                k,
                n_probe,
                ..SearchParams::default()
            },
            &mut out,
        )
        .expect("searched");
    out
}

/// Equal up to `relative` of the larger value.
#[track_caller]
fn assert_close(ours: &[f32], theirs: &[f32], relative: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            a == b || (a - b).abs() <= relative * a.abs().max(b.abs()),
            "value {i}: {a} and {b}"
        );
    }
}
