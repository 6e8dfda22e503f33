//! Comparison with recorded results of faiss in Python: ids, distances, and RVC's retrieval.

use std::fs::File;

use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{
    EmbeddingIndex, FlatIndex, IdFilter, Metric, NO_NEIGHBOUR, Neighbours, SearchParams, blend, health,
    retrieve, retrieve_like_rvc,
};

use super::{assert_close, data, frames, index, search};

struct Golden(NpzReader<File>);

impl Golden {
    fn open(name: &str) -> Self {
        Self(NpzReader::new(File::open(data(name)).expect(name)).expect(name))
    }

    fn floats(&mut self, name: &str) -> Vec<f32> {
        let array: Array2<f32> = self.0.by_name(name).expect(name);
        array.iter().copied().collect()
    }

    fn ids(&mut self, name: &str) -> Vec<i64> {
        let array: Array2<i64> = self.0.by_name(name).expect(name);
        array.iter().copied().collect()
    }

    fn list_sizes(&mut self) -> Vec<i64> {
        let array: Array1<i64> = self.0.by_name("list_sizes").expect("list_sizes");
        array.to_vec()
    }
}

const METRICS: [(Metric, &str); 2] = [(Metric::L2, "l2"), (Metric::InnerProduct, "ip")];

#[test]
fn ids_and_distances_equal_faiss_in_python() {
    let queries = frames("queries.npy");
    for (metric, name) in METRICS {
        let index = index(&format!("ivf8_{name}.index"));
        let mut golden = Golden::open(&format!("golden_{name}.npz"));
        assert_eq!((index.dim(), index.len(), index.metric()), (16, 201, metric));
        for n_probe in [1, 3, 8] {
            let found = search(&*index, &queries, 8, n_probe);
            assert_eq!(
                found.ids,
                golden.ids(&format!("ids_{n_probe}")),
                "{name} {n_probe}"
            );
            assert_close(
                &found.distances,
                &golden.floats(&format!("distances_{n_probe}")),
                1e-5,
            );
        }
    }
}

#[test]
fn refined_search_equals_faiss_in_python() {
    let queries = frames("queries.npy");
    for (metric, name) in METRICS {
        let index = index(&format!("pqfs_{name}.index"));
        let mut golden = Golden::open(&format!("golden_pqfs_{name}.npz"));
        assert_eq!((index.dim(), index.len(), index.metric()), (16, 201, metric));
        for n_probe in [1, 3, 8] {
            for k_factor in [1, 2, 4] {
                let params = SearchParams {
                    k: 8,
                    n_probe,
                    k_factor,
                    ..SearchParams::default()
                };
                let mut found = Neighbours::default();
                index.search(&queries, params, &mut found).expect("searched");
                let case = format!("{n_probe}_{k_factor}");
                let (ids, distances) = (
                    golden.ids(&format!("ids_{case}")),
                    golden.floats(&format!("distances_{case}")),
                );
                assert_eq!(found.ids, ids, "{name} {case}");
                // faiss leaves infinities in empty slots.
                let occupied = |values: &[f32]| -> Vec<f32> {
                    let slots = ids.iter().zip(values).filter(|(id, _)| **id >= 0);
                    slots.map(|(_, value)| *value).collect()
                };
                assert_close(&occupied(&found.distances), &occupied(&distances), 1e-5);
            }
            // The k_factor in the file is 2.
            assert_eq!(
                search(&*index, &queries, 8, n_probe).ids,
                golden.ids(&format!("ids_{n_probe}_2"))
            );
        }
    }
}

#[test]
fn refining_all_candidates_equals_exact_search() {
    let queries = frames("queries.npy");
    for (metric, name) in METRICS {
        let index = index(&format!("pqfs_{name}.index"));
        let flat = FlatIndex::new(frames("vectors.npy"), metric);
        let params = SearchParams {
            k: 64,
            n_probe: usize::MAX,
            k_factor: usize::MAX,
            ..SearchParams::default()
        };
        let mut found = Neighbours::default();
        index.search(&queries, params, &mut found).expect("searched");
        assert_eq!(found, search(&flat, &queries, 64, 1), "{name}");
        let odd = IdFilter::new(index.len(), |id| id % 2 == 1);
        let mut among = Neighbours::default();
        index
            .search_among(&queries, params, &odd, &mut found)
            .expect("searched");
        flat.search_among(&queries, params, &odd, &mut among)
            .expect("searched");
        assert_eq!(found, among, "{name}");
    }
}

#[test]
fn probing_all_lists_equals_exact_search() {
    let queries = frames("queries.npy");
    for (metric, name) in METRICS {
        let ivf = index(&format!("ivf8_{name}.index"));
        let flat = FlatIndex::new(frames("vectors.npy"), metric);
        for n_probe in [8, 1000, usize::MAX] {
            let (ours, exact) = (
                search(&*ivf, &queries, 64, n_probe),
                search(&flat, &queries, 64, 1),
            );
            assert_eq!(ours.ids, exact.ids, "{name}");
            assert_close(&ours.distances, &exact.distances, 1e-4);
        }
    }
}

#[test]
fn list_shorter_than_k_leaves_empty_slots_at_the_end() {
    let index = index("ivf8_l2.index");
    let queries = frames("queries.npy");
    let found = search(&*index, &queries, 8, 1);
    // The last two queries are in the list of five vectors.
    let (ids, distances) = found.of_frame(11);
    assert!(ids[..5].iter().all(|&id| id >= 0), "{ids:?}");
    assert_eq!(ids[5..], [NO_NEIGHBOUR; 3]);
    assert_eq!(distances[5..], [f32::MAX; 3]);

    let mut out = vec![0.0; index.dim()];
    assert_eq!(retrieve(&found, &*index, &queries, 11, &mut out).used, 5);
    // The other frames are not affected.
    assert_eq!(retrieve(&found, &*index, &queries, 0, &mut out).used, 8);
}

#[test]
fn retrieved_and_blended_equal_rvc() {
    let (index, queries) = (index("ivf8_l2.index"), frames("queries.npy"));
    let mut golden = Golden::open("golden_l2.npz");
    let (rvc, rvc_blend) = (golden.floats("retrieved"), golden.floats("blend075"));
    let found = search(&*index, &queries, 8, 8);
    let (mut retrieved, mut blended) = (vec![0.0; 16], vec![0.0; 16]);
    for (frame, (rvc, rvc_blend)) in rvc.chunks(16).zip(rvc_blend.chunks(16)).enumerate() {
        retrieve(&found, &*index, &queries, frame, &mut retrieved);
        blend(queries.row(frame), &retrieved, 0.75, &mut blended);
        for (ours, theirs) in retrieved.iter().zip(rvc).chain(blended.iter().zip(rvc_blend)) {
            assert!(
                (ours - theirs).abs() < 1e-6 * theirs.abs().max(1.0),
                "{ours} {theirs}"
            );
        }
    }
}

#[test]
fn retrieve_like_rvc_equals_rvc_where_rvc_has_a_result() {
    let (index, queries) = (index("ivf8_l2.index"), frames("queries.npy"));
    let rvc = Golden::open("golden_l2.npz").floats("retrieved");
    let found = search(&*index, &queries, 8, 8);
    let mut out = vec![0.0; 16];
    for (frame, rvc) in rvc.chunks(16).enumerate() {
        assert!(retrieve_like_rvc(&found, &*index, frame, &mut out));
        for (ours, theirs) in out.iter().zip(rvc) {
            assert!(
                (ours - theirs).abs() < 1e-6 * theirs.abs().max(1.0),
                "{ours} {theirs}"
            );
        }
    }
    // RVC has no result for a short list and for a distance of 0.
    assert!(!retrieve_like_rvc(
        &search(&*index, &queries, 8, 1),
        &*index,
        11,
        &mut out
    ));
    let itself = search(&*index, &frames("vectors.npy"), 8, 1);
    assert!(!retrieve_like_rvc(&itself, &*index, 0, &mut out));
}

#[test]
fn query_equal_to_a_vector_retrieves_it_bit_for_bit() {
    let (index, vectors) = (index("ivf8_l2.index"), frames("vectors.npy"));
    let found = search(&*index, &vectors, 8, 1);
    let mut out = vec![0.0; 16];
    for frame in 0..vectors.len() {
        let retrieved = retrieve(&found, &*index, &vectors, frame, &mut out);
        assert_eq!(retrieved.nearest_squared, 0.0, "frame {frame}");
        assert_eq!(out, vectors.row(frame), "frame {frame}");
    }
}

#[test]
fn vectors_by_id_equal_those_added() {
    let vectors = frames("vectors.npy");
    for name in ["ivf8_l2.index", "ivf8_ip.index", "pqfs_l2.index", "pqfs_ip.index"] {
        let index = index(name);
        let mut out = vec![0.0; 16];
        for (id, vector) in (0..).zip(vectors.rows()) {
            assert!(index.vector(id, &mut out));
            assert_eq!(out, vector);
        }
        for id in [NO_NEIGHBOUR, 201, i64::MAX, i64::MIN] {
            assert!(!index.vector(id, &mut out), "{id}");
        }
    }
}

#[test]
fn batch_and_single_queries_give_equal_results() {
    let vectors = frames("vectors.npy");
    for name in ["ivf8_l2.index", "pqfs_l2.index"] {
        let index = index(name);
        let whole = search(&*index, &vectors, 8, 1);
        for (frame, query) in vectors.rows().enumerate() {
            let alone = search(&*index, &Frames::from_data(16, query.to_vec()), 8, 1);
            let (ids, distances) = whole.of_frame(frame);
            assert_eq!(
                (alone.ids.as_slice(), alone.distances.as_slice()),
                (ids, distances)
            );
        }
        assert_eq!(search(&*index, &vectors, 8, 1), whole, "a second search differs");
    }
}

#[test]
fn eight_threads_with_different_n_probe_get_the_results_of_one_thread() {
    let index = index("ivf8_l2.index");
    let queries = frames("queries.npy");
    std::thread::scope(|scope| {
        for n_probe in 1..=8 {
            let (index, queries) = (&index, &queries);
            let expected = search(&**index, queries, 8, n_probe);
            scope.spawn(move || {
                for _ in 0..50 {
                    assert_eq!(search(&**index, queries, 8, n_probe), expected);
                }
            });
        }
    });
}

#[test]
fn no_frames_give_no_neighbours() {
    let found = search(&*index("ivf8_l2.index"), &Frames::new(16), 8, 1);
    assert!(found.ids.is_empty() && found.distances.is_empty());
}

#[test]
fn health_counts_list_sizes_and_duplicates() {
    let index = index("ivf8_l2.index");
    let health = health::check(&*index, 8);
    let sizes: Vec<i64> = health
        .list_sizes
        .iter()
        .map(|&size| size.try_into().expect("small"))
        .collect();
    assert_eq!(sizes, Golden::open("golden_l2.npz").list_sizes());
    assert_eq!(
        (health.vectors, health.dim, health.short_lists, health.duplicates),
        (201, 16, 1, 0)
    );
    assert_eq!(health.list_spread(), (5, 28, 28));
    assert_eq!(health.warnings().len(), 1);

    let twice = FlatIndex::new(Frames::from_data(1, vec![1.0, 2.0, 1.0, 1.0]), Metric::L2);
    let health = health::check(&twice, 8);
    assert_eq!(
        (health.duplicates, health.list_sizes.as_slice()),
        (2, [4].as_slice())
    );
}
