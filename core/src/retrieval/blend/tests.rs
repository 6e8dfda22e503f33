//! Literal numbers, and the cases in which the field's plugins fail.

use super::*;
use crate::controls::Temperature;
use crate::retrieval::{FlatIndex, SearchParams};

fn flat(dim: usize, vectors: &[f32]) -> FlatIndex {
    FlatIndex::new(Frames::from_data(dim, vectors.to_vec()), Metric::L2)
}

/// Neighbours of one frame.
fn slots(ids: &[i64], distances: &[f32]) -> Neighbours {
    Neighbours {
        k: ids.len(),
        ids: ids.to_vec(),
        distances: distances.to_vec(),
    }
}

fn of_slots(index: &FlatIndex, ids: &[i64], distances: &[f32]) -> (Retrieved, Vec<f32>) {
    let mut out = vec![7.0; index.dim()];
    let query = Frames::from_data(index.dim(), vec![0.0; index.dim()]);
    let retrieved = retrieve(&slots(ids, distances), index, &query, 0, &mut out);
    (retrieved, out)
}

#[test]
fn weights_are_the_inverse_squares_of_the_scores() {
    // Weights 1 and 1/4, normalised 0.8 and 0.2.
    let (retrieved, out) = of_slots(&flat(1, &[10.0, 20.0]), &[0, 1], &[1.0, 2.0]);
    assert_eq!(
        retrieved,
        Retrieved {
            used: 2,
            nearest_squared: 1.0
        }
    );
    assert!((out[0] - 12.0).abs() < 1e-5, "{out:?}");
}

#[test]
fn an_empty_slot_drops_only_itself() {
    let index = flat(1, &[10.0, 20.0, 99.0]);
    let full = of_slots(&index, &[0, 1], &[1.0, 2.0]);
    let with_hole = of_slots(
        &index,
        &[0, NO_NEIGHBOUR, 1, NO_NEIGHBOUR],
        &[1.0, f32::MAX, 2.0, f32::MAX],
    );
    assert_eq!(full, with_hole);
}

#[test]
fn without_neighbours_there_is_nothing() {
    let (retrieved, out) = of_slots(&flat(1, &[10.0]), &[NO_NEIGHBOUR; 3], &[f32::MAX; 3]);
    assert_eq!(retrieved.used, 0);
    assert_eq!(retrieved.nearest_squared, f32::INFINITY);
    assert!(out[0].is_finite());
}

#[test]
fn an_exact_hit_is_that_vector_bit_for_bit() {
    let index = flat(2, &[0.1, -0.3, 20.0, 20.0]);
    for score in [0.0, -0.0, -1e-7, 1e-45, 1e-38, 5e-20] {
        let (retrieved, out) = of_slots(&index, &[0, 1], &[score, 3.0]);
        assert_eq!(retrieved.used, 1, "{score}");
        assert_eq!(out, [0.1, -0.3], "{score}");
    }
}

#[test]
fn of_two_exact_hits_the_first_is_taken() {
    let (retrieved, out) = of_slots(&flat(1, &[1.0, 1.0, 5.0]), &[1, 0, 2], &[0.0, 0.0, 3.0]);
    assert_eq!((retrieved.used, out[0]), (1, 1.0));
}

#[test]
fn all_scores_give_finite_weights() {
    let index = flat(1, &[10.0, 20.0]);
    let scores = [5.6e-20, 1e-12, 1.0, 1e19, 1e30, 3.4e38];
    for near in scores {
        for far in scores.into_iter().filter(|&far| far >= near) {
            let (retrieved, out) = of_slots(&index, &[0, 1], &[near, far]);
            assert_eq!(retrieved.used, 2);
            let expected = if near == far { 15.0 } else { 10.0 };
            assert!((out[0] - expected).abs() < 1e-3, "{near} {far}: {out:?}");
        }
    }
}

#[test]
fn large_equal_scores_do_not_underflow() {
    // RVC's own weights would be 0/0 here.
    let (_, out) = of_slots(&flat(1, &[1.0, 3.0]), &[0, 1], &[1e30, 1e30]);
    assert_eq!(out, [2.0]);
}

#[test]
fn an_unknown_id_counts_as_empty() {
    let (retrieved, out) = of_slots(&flat(1, &[10.0]), &[12, 0], &[1.0, 2.0]);
    assert_eq!((retrieved.used, out[0].is_finite()), (1, true));
    let (retrieved, _) = of_slots(&flat(1, &[10.0]), &[12], &[1.0]);
    assert_eq!((retrieved.used, retrieved.nearest_squared), (0, f32::INFINITY));
}

#[test]
fn normalised_vectors_blend_alike_under_both_metrics() {
    let unit = |angle: f32| [angle.cos(), angle.sin()];
    let vectors: Vec<f32> = [0.1, 0.4, 1.0, 2.0, 3.0].into_iter().flat_map(unit).collect();
    let queries = Frames::from_data(2, unit(0.2).to_vec());
    let blended = |metric| {
        let index = FlatIndex::new(Frames::from_data(2, vectors.clone()), metric);
        let (mut found, mut out) = (Neighbours::default(), [0.0; 2]);
        index
            .search(
                &queries,
                SearchParams {
                    k: 3,
                    ..SearchParams::default()
                },
                &mut found,
            )
            .expect("searched");
        (retrieve(&found, &index, &queries, 0, &mut out), out)
    };
    let (l2, by_l2) = blended(Metric::L2);
    let (ip, by_ip) = blended(Metric::InnerProduct);
    assert_eq!(l2.used, ip.used);
    for (a, b) in by_l2.into_iter().zip(by_ip) {
        assert!((a - b).abs() < 1e-5, "{by_l2:?} {by_ip:?}");
    }
}

#[test]
fn the_ends_of_the_ratio_are_bit_exact() {
    let live = [0.1, -0.0, f32::MIN_POSITIVE, 3e38];
    let retrieved = [0.7, 1e-40, -3e38, -0.0];
    let bits = |values: [f32; 4]| values.map(f32::to_bits);
    let mixed = |ratio| {
        let mut out = [0.0; 4];
        blend(&live, &retrieved, ratio, &mut out);
        bits(out)
    };
    for ratio in [0.0, -0.0, -1.0, f32::NEG_INFINITY, f32::NAN] {
        assert_eq!(mixed(ratio), bits(live), "{ratio}");
    }
    for ratio in [1.0, 1.5, f32::INFINITY] {
        assert_eq!(mixed(ratio), bits(retrieved), "{ratio}");
    }
}

#[test]
fn between_the_ends_it_is_linear() {
    let mut out = [0.0; 2];
    blend(&[0.0, 8.0], &[4.0, 0.0], 0.75, &mut out);
    assert_eq!(out, [3.0, 2.0]);
}

/// Three vectors at squared distances of 1, 2 and 4: weights by hand.
#[test]
fn every_weighting_has_its_literal_weights() {
    let index = FlatIndex::new(
        Frames::from_data(3, vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        Metric::L2,
    );
    let mut scores = [f32::INFINITY; MAX_K];
    scores[..3].copy_from_slice(&[1.0, 2.0, 4.0]);
    for (kind, temperature, expected) in [
        (WeightingKind::Rvc, 0.5, [16.0 / 21.0, 4.0 / 21.0, 1.0 / 21.0]),
        (
            WeightingKind::InverseSquare,
            0.5,
            [4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0],
        ),
        (
            WeightingKind::Softmax,
            1.0,
            [0.705_384_5, 0.259_496_46, 0.035_119_03],
        ),
        (WeightingKind::Softmax, 0.0, [1.0, 0.0, 0.0]),
        (
            WeightingKind::Softmax,
            f32::NAN,
            [0.878_878_24, 0.118_943_24, 0.002_178_52],
        ),
        (WeightingKind::Equal, 0.5, [1.0 / 3.0; 3]),
    ] {
        let weighting = Weighting {
            kind,
            temperature: Temperature(temperature),
        };
        let mut out = [0.0; 3];
        weighted_mean(&index, &[0, 1, 2], &scores, weighting, &mut out);
        for (got, wanted) in out.iter().zip(expected) {
            assert!((got - wanted).abs() < 1e-6, "{kind:?} {temperature}: {out:?}");
        }
    }
    // An exact hit is the answer, except where it counts as much as the others.
    scores[1] = 0.0;
    for kind in [
        WeightingKind::Rvc,
        WeightingKind::InverseSquare,
        WeightingKind::Softmax,
        WeightingKind::Equal,
    ] {
        let weighting = Weighting {
            kind,
            ..Weighting::default()
        };
        let mut out = [0.0; 3];
        weighted_mean(&index, &[0, 1, 2], &scores, weighting, &mut out);
        let expected = if kind == WeightingKind::Equal {
            [1.0 / 3.0; 3]
        } else {
            [0.0, 1.0, 0.0]
        };
        assert_eq!(out, expected, "{kind:?}");
    }
}
