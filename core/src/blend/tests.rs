//! Everything against the slow reference.

mod limits;

use super::reference::{self, Plain};
use super::*;
use crate::controls::{BlendSettings, Curves, Drive, LevelCurve, Morph, VoicingCurve};
use crate::retrieval::{FlatIndex, Metric, retrieve};
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
    target.set_take_weights(take_weights);
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
