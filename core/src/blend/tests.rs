//! Everything against the slow reference, and what must hold for any input.

use super::reference::{self, Plain};
use super::*;
use crate::controls::{BlendSettings, Curves, Drive, LevelCurve, Morph, VoicingCurve};
use crate::retrieval::{FlatIndex, Metric, SearchParams, retrieve};
use std::sync::Arc;

const DIM: usize = 6;
const VECTORS: usize = 80;

/// Plain and repeatable numbers.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = crate::dsp::noise::mix(self.0);
        self.0
    }
    /// 0..1.
    fn part(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }
    fn upto(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }
    fn vector(&mut self) -> Vec<f32> {
        (0..DIM).map(|_| self.part() * 2.0 - 1.0).collect()
    }
}

/// A target of four recordings, and the same as plain numbers.
fn target(dice: &mut Dice, take_weights: &[f32; 4]) -> (Target, Plain) {
    let vectors: Vec<Vec<f32>> = (0..VECTORS).map(|_| dice.vector()).collect();
    let index = FlatIndex::new(Frames::from_data(DIM, vectors.concat()), Metric::L2);
    let length = VECTORS / 4;
    let sources = (0..4)
        .map(|n| Source {
            name: format!("take {n}"),
            ranges: std::iter::once(n * length..(n + 1) * length).collect(),
            in_time: true,
        })
        .collect();
    let mut target = Target::new("a voice", Arc::new(index)).with_sources(sources);
    target.weigh_takes(take_weights);
    let wide = |row: &Vec<f32>| row.iter().map(|&x| f64::from(x)).collect();
    let plain = Plain::new(
        vectors.iter().map(wide).collect(),
        (0..VECTORS)
            .map(|id| f64::from(take_weights[id / length]))
            .collect(),
        (0..VECTORS).map(|id| id / length).collect(),
    );
    (target, plain)
}

fn random_controls(dice: &mut Dice, targets: usize) -> Controls {
    let curve = |dice: &mut Dice| LevelCurve {
        depth: dice.part(),
        points: std::array::from_fn(|_| dice.part()),
    };
    let mut weights = [0.0; MAX_TARGETS];
    for weight in weights.iter_mut().take(targets) {
        *weight = (dice.part() - 0.2).max(0.0);
    }
    Controls {
        blend_ratio: dice.part(),
        search: SearchParams {
            k: 1 + dice.upto(12),
            ..SearchParams::default()
        },
        blend: BlendSettings {
            trust: dice.part(),
            curves: Curves {
                voicing: VoicingCurve {
                    depth: dice.part(),
                    unvoiced: dice.part(),
                    voiced: dice.part(),
                },
                loudness: curve(dice),
                pitch: curve(dice),
            },
            morph: Morph {
                weights,
                pad: (dice.upto(3) == 0).then(|| [dice.part(), dice.part()]),
            },
            continuity: if dice.upto(4) == 0 { 0.0 } else { dice.part() },
            listen: [
                Listen::Blend,
                Listen::Blend,
                Listen::Live,
                Listen::Retrieved,
                Listen::Difference,
            ][dice.upto(5)],
        },
        drive: Drive {
            side_level: dice.part(),
            side_depth: dice.part() * 2.0 - 1.0,
            wheel: dice.part(),
            wheel_depth: dice.part() * 2.0 - 1.0,
        },
        ..Controls::default()
    }
}

fn run(blender: &mut Blender, targets: &[Target], input: &FrameInput<'_>) -> ([Vec<f32>; 2], FrameReport) {
    let mut rows = [vec![7.0; DIM], vec![7.0; DIM]];
    let [first, second] = &mut rows;
    let report = blender.frame(targets, input, [first, second]);
    (rows, report)
}

/// Loudest and softest speech, voiced or not.
fn random_halves(dice: &mut Dice) -> ([f32; 2], [f32; 2]) {
    let f0 = [0, 1].map(|_| {
        if dice.upto(3) == 0 {
            0.0
        } else {
            40.0 * 25.0_f32.powf(dice.part())
        }
    });
    let level = [0, 1].map(|_| {
        if dice.upto(8) == 0 {
            0.0
        } else {
            10.0_f32.powf(-4.0 * dice.part())
        }
    });
    (f0, level)
}

#[test]
fn every_setting_is_the_reference_to_a_millionth() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let count = 1 + dice.upto(6);
        let (targets, mut plain): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| {
                let weights = std::array::from_fn(|_| [0.0, 0.4, 1.0, 1.0][dice.upto(4)]);
                target(&mut dice, &weights)
            })
            .unzip();
        let mut blender = Blender::new(DIM);
        let mut controls = random_controls(&mut dice, count);
        for frame in 0..24 {
            if frame % 6 == 5 {
                controls = random_controls(&mut dice, count);
            }
            let live = dice.vector();
            let (f0_hz, level) = random_halves(&mut dice);
            let input = FrameInput {
                live: &live,
                f0_hz,
                level,
                controls: &controls,
            };
            let (rows, _) = run(&mut blender, &targets, &input);
            let wide: Vec<f64> = live.iter().map(|&x| f64::from(x)).collect();
            let expected = reference::frame(
                &mut plain,
                &wide,
                f0_hz.map(f64::from),
                level.map(f64::from),
                &controls,
            );
            for (row, expected) in rows.iter().zip(&expected) {
                for (got, wanted) in row.iter().zip(expected) {
                    assert!(
                        (f64::from(*got) - wanted).abs() < 1e-6,
                        "seed {seed}, frame {frame}: {row:?} {expected:?} {controls:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_defaults_are_rvc_bit_for_bit() {
    let mut dice = Dice(5);
    let (target, _) = target(&mut dice, &[1.0; 4]);
    let index = target.index.clone();
    let (others, _) = super::tests::target(&mut dice, &[1.0; 4]);
    let mut blender = Blender::new(DIM);
    for n in 0..100 {
        let live = dice.vector();
        let controls = Controls {
            blend_ratio: n as f32 / 99.0,
            ..Controls::default()
        };
        let (f0_hz, level) = random_halves(&mut dice);
        let input = FrameInput {
            live: &live,
            f0_hz,
            level,
            controls: &controls,
        };
        // A second target of weight 0 is as good as none.
        let (rows, _) = run(&mut blender, &[target.clone(), others.clone()], &input);
        let queries = Frames::from_data(DIM, live.clone());
        let mut found = Neighbours::default();
        index
            .search(&queries, controls.search, &mut found)
            .expect("searched");
        let (mut retrieved, mut expected) = (vec![0.0; DIM], vec![0.0; DIM]);
        retrieve(&found, index.as_ref(), &queries, 0, &mut retrieved);
        blend(&live, &retrieved, controls.blend_ratio, &mut expected);
        let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&rows[0]), bits(&expected));
        assert_eq!(bits(&rows[1]), bits(&expected));
    }
}

/// RVC: `feats = feats * m + feats0 * (1 - m)`, `m` = `protect` where there is
/// no pitch, else 1, on rows of 10 ms, after the blend.
#[test]
fn protect_is_a_case_of_the_voicing_curve() {
    let mut dice = Dice(9);
    let (target, _) = target(&mut dice, &[1.0; 4]);
    for protect in [0.0, 0.1, 0.33, 0.49] {
        let mut controls = Controls {
            blend_ratio: 0.75,
            ..Controls::default()
        };
        let plain = controls;
        controls.blend.curves.voicing = VoicingCurve {
            depth: 1.0,
            unvoiced: protect,
            voiced: 1.0,
        };
        for f0_hz in [[0.0, 120.0], [120.0, 0.0], [0.0, 0.0], [90.0, 91.0]] {
            let live = dice.vector();
            let input = |controls| FrameInput {
                live: &live,
                f0_hz,
                level: [0.1; 2],
                controls,
            };
            let targets = [target.clone()];
            let (blended, _) = run(&mut Blender::new(DIM), &targets, &input(&plain));
            let (rows, _) = run(&mut Blender::new(DIM), &targets, &input(&controls));
            for half in 0..2 {
                let m = if f0_hz[half] > 0.0 { 1.0 } else { protect };
                for n in 0..DIM {
                    let expected = blended[half][n] * m + live[n] * (1.0 - m);
                    assert!((rows[half][n] - expected).abs() < 1e-6, "{protect} {f0_hz:?}");
                }
            }
        }
    }
}

#[test]
fn ratio_0_is_the_identity_bit_for_bit_whatever_else_is_set() {
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let (target, _) = target(&mut dice, &[1.0, 0.3, 0.0, 1.0]);
        let mut controls = random_controls(&mut dice, 1);
        controls.blend_ratio = 0.0;
        controls.drive = Drive::default();
        controls.blend.listen = Listen::Blend;
        let live = dice.vector();
        let (f0_hz, level) = random_halves(&mut dice);
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
        let mut dice = Dice(seed);
        let (target, _) = target(&mut dice, &[1.0; 4]);
        let mut live = vec![0.0; DIM];
        let mut controls = Controls {
            blend_ratio: 1.0,
            ..Controls::default()
        };
        controls.blend.trust = dice.part();
        controls.blend.continuity = dice.part();
        let mut blender = Blender::new(DIM);
        for _ in 0..5 {
            assert!(target.index.vector(dice.upto(VECTORS) as i64, &mut live));
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
fn no_setting_and_no_input_makes_a_value_that_is_no_number() {
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
        let mut dice = Dice(seed);
        let mut any = || odd[dice.upto(odd.len())];
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
        };
        let (f0_hz, level) = ([any(), any()], [any(), any()]);
        set.listen = [Listen::Blend, Listen::Live, Listen::Retrieved, Listen::Difference][seed as usize % 4];
        let (target, _) = target(&mut dice, &[1.0, 0.5, 0.0, f32::NAN]);
        let mut blender = Blender::new(DIM);
        for scale in [0.0, 1.0, 1e10, 1e-20] {
            let live: Vec<f32> = dice.vector().iter().map(|x| x * scale).collect();
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
fn a_query_that_is_no_number_is_left_to_the_live_path() {
    let mut dice = Dice(3);
    let (target, _) = target(&mut dice, &[1.0; 4]);
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
fn the_order_of_an_index_does_not_matter() {
    for seed in 0..50 {
        let mut dice = Dice(seed);
        let vectors: Vec<Vec<f32>> = (0..VECTORS).map(|_| dice.vector()).collect();
        let mut shuffled = vectors.clone();
        for n in (1..VECTORS).rev() {
            shuffled.swap(n, dice.upto(n + 1));
        }
        let made = |rows: &[Vec<f32>]| {
            let index = FlatIndex::new(Frames::from_data(DIM, rows.concat()), Metric::L2);
            Target::new("a voice", Arc::new(index))
        };
        let mut controls = random_controls(&mut dice, 1);
        // Without recordings the joins are distances, which no order changes.
        controls.blend.morph = Morph::default();
        let (mut one, mut other) = (Blender::new(DIM), Blender::new(DIM));
        for _ in 0..10 {
            let live = dice.vector();
            let (f0_hz, level) = random_halves(&mut dice);
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
fn a_muted_take_leaves_its_places_to_others() {
    let mut dice = Dice(11);
    let (mut target, _) = target(&mut dice, &[1.0; 4]);
    let live = dice.vector();
    let params = SearchParams {
        k: 12,
        ..SearchParams::default()
    };
    let queries = Frames::from_data(DIM, live);
    let mut found = Neighbours::default();
    target.weigh_takes(&[0.0, 1.0, 0.0, 1.0]);
    target
        .takes
        .search(target.index.as_ref(), &queries, params, &mut found)
        .expect("searched");
    assert_eq!(found.ids.len(), 12);
    assert!(found.ids.iter().all(|id| matches!(id / 20, 1 | 3)), "{found:?}");
    target.weigh_takes(&[0.0; 4]);
    target
        .takes
        .search(target.index.as_ref(), &queries, params, &mut found)
        .expect("searched");
    assert!(found.ids.iter().all(|&id| id < 0), "all muted: {found:?}");
    target.weigh_takes(&[1.0; 4]);
    assert!(target.takes.is_plain());
}
