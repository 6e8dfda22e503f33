//! Comparison with recorded results of RVC on real embeddings. Needs the feature
//! `shared-data`, and `VOXMELD_SHARED` set to the folder that contains `data/`. Missing
//! files fail the tests.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{
    EmbeddingIndex, FlatIndex, NO_NEIGHBOUR, Neighbours, SearchParams, blend, health, open, retrieve,
};

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("VOXMELD_SHARED").expect("VOXMELD_SHARED names the shared folder");
    PathBuf::from(root).join("data/index").join(name)
}

fn index(name: &str, dim: usize) -> Arc<dyn EmbeddingIndex> {
    open(&shared(name), Some(dim)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A `golden_*.npz`: 495 queries and RVC's results.
struct Golden {
    query: Frames,
    ids: Vec<i64>,
    distances: Vec<f32>,
    retrieved: Vec<f32>,
    blend075: Vec<f32>,
    list_sizes: Vec<i64>,
}

impl Golden {
    fn read(name: &str) -> Self {
        let mut file = NpzReader::new(File::open(shared(name)).expect(name)).expect(name);
        let mut floats = |array: &str| -> Array2<f32> { file.by_name(array).expect(array) };
        let query = floats("query");
        let [distances, retrieved, blend075] =
            ["D", "retrieved", "blend075"].map(|array| floats(array).iter().copied().collect());
        let ids: Array2<i64> = file.by_name("I").expect("I");
        let list_sizes: Array1<i64> = file.by_name("list_sizes").expect("list_sizes");
        Self {
            query: Frames::from_data(query.ncols(), query.iter().copied().collect()),
            ids: ids.iter().copied().collect(),
            distances,
            retrieved,
            blend075,
            list_sizes: list_sizes.to_vec(),
        }
    }
}

fn search(index: &dyn EmbeddingIndex, queries: &Frames, n_probe: usize) -> Neighbours {
    let mut out = Neighbours::default();
    index
        .search(
            queries,
            SearchParams {
                k: 8,
                n_probe,
                ..SearchParams::default()
            },
            &mut out,
        )
        .expect("searched");
    out
}

/// Largest difference, relative to the larger value or 1.
fn error(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter()
        .zip(theirs)
        .map(|(a, b)| (a - b).abs() / a.abs().max(b.abs()).max(1.0))
        .fold(0.0, f32::max)
}

fn equals_rvc(file: &str, golden: &str, dim: usize) {
    let (index, golden) = (index(file, dim), Golden::read(golden));
    let sizes: Vec<i64> = index
        .list_sizes()
        .iter()
        .map(|&size| size.try_into().expect("small"))
        .collect();
    assert_eq!(sizes, golden.list_sizes);

    let found = search(&*index, &golden.query, 1);
    assert_eq!(found.ids, golden.ids);
    assert!(error(&found.distances, &golden.distances) < 1e-5);

    // The weighting alone (with RVC's neighbours), and search and weighting.
    let theirs = Neighbours {
        k: 8,
        ids: golden.ids.clone(),
        distances: golden.distances.clone(),
    };
    for neighbours in [&theirs, &found] {
        let (mut retrieved, mut blended) = (vec![0.0; dim], vec![0.0; dim]);
        for frame in 0..golden.query.len() {
            let values = frame * dim..(frame + 1) * dim;
            let used = retrieve(neighbours, &*index, &golden.query, frame, &mut retrieved).used;
            assert_eq!(used, 8, "frame {frame}");
            blend(golden.query.row(frame), &retrieved, 0.75, &mut blended);
            let off = error(&retrieved, &golden.retrieved[values.clone()]);
            assert!(off < 1e-6, "retrieved, frame {frame}: {off}");
            let off = error(&blended, &golden.blend075[values]);
            assert!(off < 1e-6, "blended, frame {frame}: {off}");
        }
    }
}

#[test]
fn v2_neighbours_and_blend_equal_rvcs() {
    equals_rvc(
        "added_IVF76_Flat_nprobe_1_allison_v2.index",
        "golden_allison_v2.npz",
        768,
    );
}

#[test]
fn v1_neighbours_and_blend_equal_rvcs() {
    equals_rvc(
        "added_IVF25_Flat_nprobe_1_allison20s_v1.index",
        "golden_allison20s_v1.npz",
        256,
    );
}

#[test]
fn probing_all_lists_equals_exact_search() {
    let index = index("added_IVF76_Flat_nprobe_1_allison_v2.index", 768);
    let mut vectors = Frames::new(768);
    vectors.resize(index.len());
    for (row, id) in (0..).take(index.len()).enumerate() {
        assert!(index.vector(id, vectors.row_mut(row)));
    }
    let exact = FlatIndex::new(vectors, index.metric());
    let query = Golden::read("golden_allison_v2.npz").query;
    let (ours, exact) = (search(&*index, &query, usize::MAX), search(&exact, &query, 1));
    assert_eq!(ours.ids, exact.ids);
    assert!(error(&ours.distances, &exact.distances) < 1e-4);
}

#[test]
fn lists_shorter_than_k_retrieve_from_the_occupied_slots() {
    let index = index("hama_short_lists_allison_v1.index", 256);
    let health = health::check(&*index, 8);
    assert!(health.short_lists > 0, "{:?}", health.list_sizes);

    let mut queries = Frames::new(256);
    let mut vector = [0.0; 256];
    for id in (0..).take(index.len()).step_by(7) {
        assert!(index.vector(id, &mut vector));
        // Not the vector itself, so that several neighbours have weight.
        vector.iter_mut().for_each(|value| *value += 1e-3);
        queries.push(&vector);
    }
    let found = search(&*index, &queries, 1);
    let empty = found.ids.iter().filter(|&&id| id == NO_NEIGHBOUR).count();
    assert!(empty > 0, "no query is in a short list");
    let mut out = [0.0; 256];
    for frame in 0..queries.len() {
        let occupied = found.of_frame(frame).0.iter().filter(|&&id| id >= 0).count();
        let retrieved = retrieve(&found, &*index, &queries, frame, &mut out);
        assert!((1..=occupied).contains(&retrieved.used), "frame {frame}");
        assert!(out.iter().all(|value| value.is_finite()), "frame {frame}");
    }
}

#[test]
fn third_rvc_index_opens_with_2985_vectors() {
    let index = index("added_IVF76_Flat_nprobe_1_kokoro_af_heart_v2.index", 768);
    assert_eq!(index.len(), 2985);
    assert_eq!(health::check(&*index, 8).vectors, 2985);
}
