//! Indices that we make ourselves.

use std::env::temp_dir;
use std::fs;

use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::ivf::{BuildError, rvc_list_count};
use voxmeld_core::retrieval::{
    EmbeddingIndex, FlatIndex, IdFilter, IvfIndex, Metric, Neighbours, SearchParams, open,
};

use super::{assert_close, frames, search};

#[test]
fn the_number_of_lists_follows_rvc() {
    let cases = [
        (0, 1),
        (1, 1),
        (77, 1),
        (78, 2),
        (995, 25),
        (2985, 76),
        (389_376, 9984),
        (400_000, 10_119),
    ];
    for (vectors, lists) in cases {
        assert_eq!(rvc_list_count(vectors), lists, "{vectors} vectors");
    }
}

#[test]
fn a_built_index_searches_like_an_exact_one_and_survives_its_file() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    for metric in [Metric::L2, Metric::InnerProduct] {
        let built = IvfIndex::build(&vectors, 5, metric, 7).expect("built");
        let exact = FlatIndex::new(vectors.clone(), metric);
        let ours = search(&built, &queries, 8, 5);
        assert_eq!(ours.ids, search(&exact, &queries, 8, 1).ids);
        assert_eq!(
            (built.len(), built.n_list(), built.list_sizes().iter().sum()),
            (201, 5, 201_usize)
        );

        let path = temp_dir().join(format!(
            "voxmeld-built-{}-{metric:?} ä 声.index",
            std::process::id()
        ));
        built.save(&path).expect("saved");
        let opened = open(&path, Some(16));
        fs::remove_file(&path).expect("removed");
        let opened = opened.expect("opened");
        assert_eq!(opened.metric(), metric);
        assert_eq!(search(&*opened, &queries, 8, 2), search(&built, &queries, 8, 2));
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    let build = |seed| {
        let index = IvfIndex::build(&vectors, 6, Metric::L2, seed).expect("built");
        (search(&index, &queries, 8, 1), index.list_sizes())
    };
    assert_eq!(build(1), build(1));
    assert!(
        (2..10).any(|seed| build(seed).1 != build(1).1),
        "no seed changes anything"
    );
}

#[test]
fn one_list_is_an_exact_search() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    let one = IvfIndex::build(&vectors, 1, Metric::L2, 0).expect("built");
    let exact = FlatIndex::new(vectors, Metric::L2);
    let (ours, theirs) = (search(&one, &queries, 8, 1), search(&exact, &queries, 8, 1));
    assert_eq!(ours.ids, theirs.ids);
    assert_close(&ours.distances, &theirs.distances, 1e-4);
}

#[test]
fn what_cannot_be_built_is_said() {
    let build =
        |data: Vec<f32>, lists| IvfIndex::build(&Frames::from_data(1, data), lists, Metric::L2, 0).err();
    assert!(matches!(build(vec![], 1), Some(BuildError::NoVectors)));
    assert!(matches!(
        build(vec![1.0], 2),
        Some(BuildError::ListCount { lists: 2, vectors: 1 })
    ));
    assert!(matches!(build(vec![1.0], 0), Some(BuildError::ListCount { .. })));
    assert!(matches!(
        build(vec![1.0, f32::NAN], 1),
        Some(BuildError::NonFinite)
    ));
    assert!(build(vec![1.0], 1).is_none());
}

#[test]
fn a_folder_that_is_not_there_leaves_no_file() {
    let built = IvfIndex::build(&frames("vectors.npy"), 2, Metric::L2, 0).expect("built");
    let path = temp_dir().join("voxmeld-no-such-folder").join("a.index");
    let message = built.save(&path).expect_err("not saved").to_string();
    assert!(message.starts_with("the index could not be saved"), "{message}");
}

#[test]
fn vectors_that_are_shut_out_leave_their_places_to_others() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    let params = SearchParams {
        k: 8,
        n_probe: 5,
        ..SearchParams::default()
    };
    for metric in [Metric::L2, Metric::InnerProduct] {
        let built = IvfIndex::build(&vectors, 5, metric, 7).expect("built");
        let exact = FlatIndex::new(vectors.clone(), metric);
        let third = IdFilter::new(vectors.len(), |id| id % 3 == 1);
        let (mut ours, mut theirs) = (Neighbours::default(), Neighbours::default());
        built
            .search_among(&queries, params, &third, &mut ours)
            .expect("searched");
        exact
            .search_among(&queries, params, &third, &mut theirs)
            .expect("searched");
        assert!(ours.ids.iter().all(|id| id % 3 == 1), "{metric:?}");
        assert_eq!(ours.ids, theirs.ids, "{metric:?}");
        let none = IdFilter::new(vectors.len(), |_| false);
        built
            .search_among(&queries, params, &none, &mut ours)
            .expect("searched");
        assert!(ours.ids.iter().all(|&id| id < 0), "{metric:?}");
    }
}
