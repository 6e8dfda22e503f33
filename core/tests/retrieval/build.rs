//! Building of indices.

use std::env::temp_dir;
use std::fs;
use std::ops::ControlFlow;

use std::sync::Arc;
use voxmeld_core::blend::Target;
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::{BuildSpec, Centres, file_sha256, finish};
use voxmeld_core::loader::notes;
use voxmeld_core::retrieval::ivf::{BuildError, Trained, rvc_list_count};
use voxmeld_core::retrieval::{
    Comparison, EmbeddingIndex, EncoderInfo, FlatIndex, IdFilter, IvfIndex, Metric, Neighbours, Plan, Preset,
    SearchParams, Sidecar, Source, Span, mean_length, normalize, open, rvc_file_name,
};
use voxmeld_core::selection::{FileRef, VoiceSelection};

use super::{assert_close, frames, search};

#[test]
fn list_count_equals_rvcs() {
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
fn built_index_equals_exact_search_before_and_after_saving() {
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

/// Builds an index, saves it, and opens the file.
fn through_a_file(name: &str, factory: &str, metric: Comparison) -> Arc<dyn EmbeddingIndex> {
    let spec = BuildSpec {
        factory: factory.into(),
        k_factor: 3,
        metric,
        seed: 1,
        centres: None,
        f0_median_hz: None,
    };
    let path = temp_dir().join(format!("voxmeld-{name}-{}.index", std::process::id()));
    finish(&mut frames("vectors.npy"), &spec, None, Vec::new(), &path, |_| {
        ControlFlow::Continue(())
    })
    .expect("finished");
    let opened = open(&path, Some(16));
    fs::remove_file(Sidecar::path_of(&path)).expect("sidecar removed");
    fs::remove_file(path).expect("removed");
    opened.expect("opened")
}

#[test]
fn every_preset_built_and_opened_finds_the_exact_neighbours() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    for (name, preset) in Preset::ALL {
        for metric in [Comparison::L2, Comparison::Ip] {
            let plan = Plan::preset(preset, vectors.len(), vectors.dim()).expect("planned");
            let built = through_a_file(name, &plan.factory, metric);
            let exact = FlatIndex::new(vectors.clone(), metric.into());
            // With all lists and enough candidates the result is that of an exact search.
            let params = SearchParams {
                k: 8,
                n_probe: 64,
                k_factor: 64,
                ..SearchParams::default()
            };
            let mut found = Neighbours::default();
            built.search(&queries, params, &mut found).expect("searched");
            assert_eq!(found.ids, search(&exact, &queries, 8, 1).ids, "{name} {metric:?}");
            let sidecar = built.sidecar().expect("a sidecar");
            assert_eq!(
                (sidecar.factory.as_str(), sidecar.seed),
                (plan.factory.as_str(), 1)
            );
        }
    }
}

#[test]
fn cosine_ignores_length_and_returns_encoder_units() {
    let (vectors, mut queries) = (frames("vectors.npy"), frames("queries.npy"));
    let index = through_a_file("cosine", "IVF8,Flat", Comparison::Cosine);
    let length = mean_length(&vectors);
    let mut directions = vectors;
    normalize(&mut directions);
    let exact = FlatIndex::new(directions.clone(), Metric::InnerProduct);
    let found = search(&*index, &queries, 8, 8);
    // The length of a query has no effect.
    queries.data_mut().iter_mut().for_each(|value| *value *= 7.0);
    assert_eq!(search(&*index, &queries, 8, 8).ids, found.ids);
    normalize(&mut queries);
    let theirs = search(&exact, &queries, 8, 1);
    assert_eq!(found.ids, theirs.ids);
    let mut out = vec![0.0; 16];
    for (slot, &id) in found.ids.iter().enumerate() {
        assert!(index.vector(id, &mut out));
        let direction = directions.row(usize::try_from(id).expect("an id"));
        let scaled: Vec<f32> = direction.iter().map(|value| value * length).collect();
        assert_close(&out, &scaled, 1e-5);
        let squared = length * length * (2.0 - 2.0 * theirs.distances[slot]);
        assert!((found.distances[slot] - squared).abs() < 1e-4 * length * length);
    }
}

#[test]
fn index_of_another_encoder_or_unknown_metric_gives_a_note() {
    let path = temp_dir().join(format!("voxmeld-notes-{}.index", std::process::id()));
    fs::copy(super::data("ivf8_l2.index"), &path).expect("copied");
    let encoder = path.with_extension("onnx");
    fs::write(&encoder, "an encoder").expect("written");
    let mut sidecar = Sidecar::new(16, 201, "IVF8,Flat", Comparison::L2, 0);
    let selection = VoiceSelection {
        encoder: Some(FileRef::at(&encoder)),
        ..VoiceSelection::nothing()
    };
    let mut notes_with = |sha256: String| {
        sidecar.encoder = Some(EncoderInfo {
            sha256,
            ..EncoderInfo::default()
        });
        sidecar.write(&path).expect("written");
        let index = open(&path, None).expect("opened");
        notes(&selection, &[Target::new("voice", index)])
    };
    let same = notes_with(file_sha256(&encoder).expect("read"));
    let other = notes_with("0".repeat(64));
    for file in [Sidecar::path_of(&path), path, encoder] {
        fs::remove_file(file).expect("removed");
    }
    assert!(same.is_empty(), "{same:?}");
    assert!(
        other.len() == 1 && other[0].contains("another encoder"),
        "{other:?}"
    );

    let mut vectors = frames("vectors.npy");
    normalize(&mut vectors);
    let unit_length = Target::new("voice", Arc::new(FlatIndex::new(vectors, Metric::InnerProduct)));
    let notes = notes(&VoiceSelection::nothing(), &[unit_length]);
    assert!(notes.len() == 1 && notes[0].contains("length 1"), "{notes:?}");
}

#[test]
fn sidecar_of_another_index_is_rejected() {
    let path = temp_dir().join(format!("voxmeld-other-{}.index", std::process::id()));
    fs::copy(super::data("ivf8_l2.index"), &path).expect("copied");
    Sidecar::new(16, 200, "IVF8,Flat", Comparison::L2, 0)
        .write(&path)
        .expect("written");
    let error = open(&path, None).err().expect("refused").to_string();
    fs::write(Sidecar::path_of(&path), "{").expect("broken");
    let broken = open(&path, None).err().expect("refused").to_string();
    fs::remove_file(Sidecar::path_of(&path)).expect("removed");
    let alone = open(&path, None).is_ok();
    fs::remove_file(&path).expect("removed");
    assert!(
        error.contains("200 vectors") && error.contains("201 vectors"),
        "{error}"
    );
    assert!(broken.contains("is damaged"), "{broken}");
    assert!(alone);
}

#[test]
fn valid_factory_strings_build_and_invalid_ones_are_rejected() {
    let vectors = frames("vectors.npy");
    for factory in ["PQ4x4", "HNSW8", "PCA8,Flat", "IVF4_HNSW8,Flat", "SQ8"] {
        let built =
            Trained::train(factory, &vectors, Metric::L2, 0).and_then(|mut index| index.fill(&vectors));
        assert!(built.is_ok(), "{factory}");
    }
    for factory in ["", "IVF8,PQ3x4fs", "nonsense", "IVF8,\0"] {
        let error = Trained::train(factory, &vectors, Metric::L2, 0).err();
        assert!(matches!(error, Some(BuildError::Backend(_))), "{factory}");
    }
}

#[test]
fn plans_that_search_most_vectors_give_a_warning() {
    let warned = |factory: &str, vectors| !Plan::of(factory, vectors).warnings.is_empty();
    assert!(!warned("IVF256,Flat", 10_000));
    assert!(warned("IVF1,Flat", 10_000));
    assert!(warned("IVF10,Flat", 10_000));
    assert!(warned("IVF1024,Flat", 10_000));
    assert!(warned("Flat", 100_000));
    for (vectors, lists) in [(10_000, 256), (50_000, 1024), (200_000, 1024)] {
        let plan = Plan::preset(Preset::Guide, vectors, 768).expect("planned");
        assert_eq!(plan.factory, format!("IVF{lists},PQ384x4fs,RFlat"));
    }
    assert!(Plan::preset(Preset::Guide, 10, 17).is_err());
    assert_eq!(
        rvc_file_name("IVF76,Flat", 1, "allison", 768),
        "added_IVF76_Flat_nprobe_1_allison_v2.index"
    );
}

#[test]
fn equal_seeds_give_equal_indices() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    let build = |seed| {
        let index = IvfIndex::build(&vectors, 6, Metric::L2, seed).expect("built");
        (search(&index, &queries, 8, 1), index.list_sizes())
    };
    assert_eq!(build(1), build(1));
    assert!(
        (2..10).any(|seed| build(seed).1 != build(1).1),
        "the seed has no effect"
    );
}

#[test]
fn one_list_equals_exact_search() {
    let (vectors, queries) = (frames("vectors.npy"), frames("queries.npy"));
    let one = IvfIndex::build(&vectors, 1, Metric::L2, 0).expect("built");
    let exact = FlatIndex::new(vectors, Metric::L2);
    let (ours, theirs) = (search(&one, &queries, 8, 1), search(&exact, &queries, 8, 1));
    assert_eq!(ours.ids, theirs.ids);
    assert_close(&ours.distances, &theirs.distances, 1e-4);
}

#[test]
fn impossible_builds_are_rejected_with_an_error() {
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
fn saving_to_a_missing_folder_gives_an_error() {
    let built = IvfIndex::build(&frames("vectors.npy"), 2, Metric::L2, 0).expect("built");
    let path = temp_dir().join("voxmeld-no-such-folder").join("a.index");
    let message = built.save(&path).expect_err("not saved").to_string();
    assert!(message.starts_with("the index could not be saved"), "{message}");
}

#[test]
fn filtered_search_equals_exact_search_among_the_allowed_vectors() {
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

#[test]
fn vectors_above_the_limit_are_reduced_to_centres_and_recall_is_reported() {
    let path = temp_dir().join(format!("voxmeld-centres-{}.index", std::process::id()));
    let made = |above: usize| {
        let spec = BuildSpec {
            factory: "IVF2,Flat".into(),
            k_factor: 1,
            metric: Comparison::L2,
            seed: 3,
            centres: Some(Centres { count: 80, above }),
            f0_median_hz: None,
        };
        let sources = vec![Source {
            file: "a.npy".into(),
            sha256: "none".into(),
            spans: vec![Span {
                first_id: 0,
                len: 201,
                start_frame_50hz: 0,
            }],
        }];
        let go = |_| ControlFlow::Continue(());
        let sidecar = finish(&mut frames("vectors.npy"), &spec, None, sources, &path, go).expect("finished");
        (sidecar, open(&path, Some(16)).expect("opened").len())
    };
    let (sidecar, len) = made(201);
    assert_eq!((len, sidecar.centres, sidecar.sources.len()), (201, None, 1));
    let (sidecar, len) = made(200);
    let centres = sidecar.centres.expect("centres");
    assert_eq!((len, centres.of, sidecar.sources.len()), (80, 201, 0));
    assert!(centres.recall > 0.0 && centres.recall < 1.0, "{centres:?}");
    let first = fs::read(&path).expect("read");
    made(200);
    assert_eq!(fs::read(&path).expect("read"), first);
    fs::remove_file(Sidecar::path_of(&path)).expect("removed");
    fs::remove_file(&path).expect("removed");
}

#[test]
fn training_stopped_in_round_3_ends_after_that_round() {
    let vectors = frames("vectors.npy");
    let mut rounds = Vec::new();
    let stopped = Trained::train_in_rounds("IVF4,Flat", &vectors, Metric::L2, 1, |round| {
        rounds.push(round);
        if round == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(BuildError::Stopped)));
    assert_eq!(rounds, [0, 1, 2, 3]);
}
