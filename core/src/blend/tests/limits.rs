//! Properties that hold for any input and at the ends of every setting.

use super::*;

#[test]
fn ratio_0_with_any_other_settings_is_the_identity_bit_for_bit() {
    for seed in 0..200 {
        let mut random = SeededRandom(seed);
        let (target, _) = target(&mut random, &[1.0, 0.3, 0.0, 1.0]);
        let mut controls = random_controls(&mut random, 1);
        controls.blend_ratio = 0.0;
        controls.drive = Drive::default();
        controls.blend.listen = Listen::Blend;
        let live = random.vector();
        let (f0_hz, level) = random_halves(&mut random);
        let input = FrameInput {
            live: &live,
            f0_hz,
            level,
            controls: &controls,
        };
        let (rows, _) = run(&mut Blender::new(DIM), &[target], &input);
        assert_eq!(rows, [live.clone(), live.clone()]);
    }
}

#[test]
fn ratio_1_with_an_index_that_holds_the_query_returns_the_query() {
    for seed in 0..100 {
        let mut random = SeededRandom(seed);
        let (target, _) = target(&mut random, &[1.0; 4]);
        let mut live = vec![0.0; DIM];
        let mut controls = Controls {
            blend_ratio: 1.0,
            ..Controls::default()
        };
        controls.blend.trust = random.unit();
        controls.blend.continuity = random.unit();
        let mut blender = Blender::new(DIM);
        for _ in 0..5 {
            assert!(target.index.vector(random.below(VECTORS) as i64, &mut live));
            let input = FrameInput {
                live: &live,
                f0_hz: [100.0; 2],
                level: [0.1; 2],
                controls: &controls,
            };
            let (rows, report) = run(&mut blender, std::slice::from_ref(&target), &input);
            assert_eq!(rows, [live.clone(), live.clone()]);
            assert_eq!((report.nearest, report.confidence), (Some(0.0), 1.0));
        }
    }
}

#[test]
fn odd_settings_and_inputs_never_give_non_finite_values() {
    let odd = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e-30,
        1e30,
        f32::MIN_POSITIVE,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
    ];
    for seed in 0..2_000 {
        let mut random = SeededRandom(seed);
        let mut any = || odd[random.below(odd.len())];
        let mut controls = Controls {
            blend_ratio: any(),
            ..Controls::default()
        };
        let set = &mut controls.blend;
        (set.trust, set.continuity) = (any(), any());
        set.curves.voicing = VoicingCurve {
            depth: any(),
            unvoiced: any(),
            voiced: any(),
        };
        set.curves.loudness = LevelCurve {
            depth: any(),
            points: std::array::from_fn(|_| any()),
        };
        set.curves.pitch = set.curves.loudness;
        set.morph = Morph {
            weights: std::array::from_fn(|_| any()),
            pad: (any() > 0.5).then(|| [any(), any()]),
        };
        controls.drive = Drive {
            side_level: any(),
            side_depth: any(),
            wheel: any(),
            wheel_depth: any(),
            pressure: any(),
            pressure_depth: any(),
        };
        let (f0_hz, level) = ([any(), any()], [any(), any()]);
        set.listen = [Listen::Blend, Listen::Live, Listen::Retrieved, Listen::Difference][seed as usize % 4];
        let (target, _) = target(&mut random, &[1.0, 0.5, 0.0, f32::NAN]);
        let mut blender = Blender::new(DIM);
        for scale in [0.0, 1.0, 1e10, 1e-20] {
            let live: Vec<f32> = random.vector().iter().map(|x| x * scale).collect();
            let input = FrameInput {
                live: &live,
                f0_hz,
                level,
                controls: &controls,
            };
            let (rows, report) = run(&mut blender, &[target.clone(), target.clone()], &input);
            assert!(rows.concat().iter().all(|x| x.is_finite()), "{controls:?}");
            assert!(report.ratio.is_finite() && (0.0..=1.0).contains(&report.confidence));
        }
    }
}

#[test]
fn a_nan_query_reports_a_search_error_and_retrieves_nothing() {
    let mut random = SeededRandom(3);
    let (target, _) = target(&mut random, &[1.0; 4]);
    let live = [f32::NAN; DIM];
    let input = FrameInput {
        live: &live,
        f0_hz: [0.0; 2],
        level: [0.0; 2],
        controls: &Controls::default(),
    };
    let (_, report) = run(&mut Blender::new(DIM), &[target], &input);
    assert!(report.search_error.is_some() && report.nearest.is_none());
}

#[test]
fn shuffling_the_vectors_of_an_index_changes_nothing() {
    for seed in 0..50 {
        let mut random = SeededRandom(seed);
        let vectors: Vec<Vec<f32>> = (0..VECTORS).map(|_| random.vector()).collect();
        let mut shuffled = vectors.clone();
        for n in (1..VECTORS).rev() {
            shuffled.swap(n, random.below(n + 1));
        }
        let made = |rows: &[Vec<f32>]| {
            let index = FlatIndex::new(Frames::from_data(DIM, rows.concat()), Metric::L2);
            Target::new("a voice", Arc::new(index))
        };
        let mut controls = random_controls(&mut random, 1);
        // Without recordings joins are distances, which do not depend on the order.
        controls.blend.morph = Morph::default();
        let (mut one, mut other) = (Blender::new(DIM), Blender::new(DIM));
        for _ in 0..10 {
            let live = random.vector();
            let (f0_hz, level) = random_halves(&mut random);
            let input = FrameInput {
                live: &live,
                f0_hz,
                level,
                controls: &controls,
            };
            let (rows, _) = run(&mut one, &[made(&vectors)], &input);
            let (again, _) = run(&mut other, &[made(&shuffled)], &input);
            assert_eq!(rows, again);
        }
    }
}

#[test]
fn muted_takes_are_replaced_by_neighbours_of_others() {
    let mut random = SeededRandom(11);
    let (mut target, _) = target(&mut random, &[1.0; 4]);
    let live = random.vector();
    let params = SearchParams {
        k: 12,
        ..SearchParams::default()
    };
    let queries = Frames::from_data(DIM, live);
    let mut found = Neighbours::default();
    target.set_take_weights(&[0.0, 1.0, 0.0, 1.0]);
    target
        .takes
        .search(target.index.as_ref(), &queries, params, &mut found)
        .expect("searched");
    assert_eq!(found.ids.len(), 12);
    assert!(found.ids.iter().all(|id| matches!(id / 20, 1 | 3)), "{found:?}");
    target.set_take_weights(&[0.0; 4]);
    target
        .takes
        .search(target.index.as_ref(), &queries, params, &mut found)
        .expect("searched");
    assert!(found.ids.iter().all(|&id| id < 0), "all muted: {found:?}");
    target.set_take_weights(&[1.0; 4]);
    assert!(target.takes.is_unweighted());
}
