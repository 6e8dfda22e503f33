//! The blender against a slow reference in double precision.

mod limits;

use super::reference::{self, ReferenceTarget};
use super::*;
use crate::controls::{
    BlendSettings, Curves, Drive, LevelCurve, Morph, SearchParams, Temperature, VoicingCurve, Weighting,
    WeightingKind,
};
use crate::retrieval::{FlatIndex, Metric, retrieve};
use std::sync::Arc;

const DIM: usize = 6;
const VECTORS: usize = 80;

/// Seeded random numbers.
struct SeededRandom(u64);

impl SeededRandom {
    fn bits(&mut self) -> u64 {
        self.0 = crate::dsp::noise::mix(self.0);
        self.0
    }
    /// 0..1.
    fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }
    fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }
    fn vector(&mut self) -> Vec<f32> {
        (0..DIM).map(|_| self.unit() * 2.0 - 1.0).collect()
    }
}

/// A target of four recordings, and the same for the reference.
fn target(random: &mut SeededRandom, take_weights: &[f32; 4]) -> (Target, ReferenceTarget) {
    let vectors: Vec<Vec<f32>> = (0..VECTORS).map(|_| random.vector()).collect();
    let index = FlatIndex::new(Frames::from_data(DIM, vectors.concat()), Metric::L2);
    let length = VECTORS / 4;
    let sources = (0..4)
        .map(|n| Source {
            name: format!("take {n}"),
            ranges: std::iter::once(n * length..(n + 1) * length).collect(),
            in_time_order: true,
        })
        .collect();
    let mut target = Target::new("a voice", Arc::new(index)).with_sources(sources);
    target.set_take_weights(take_weights);
    let wide = |row: &Vec<f32>| row.iter().map(|&x| f64::from(x)).collect();
    let plain = ReferenceTarget::new(
        vectors.iter().map(wide).collect(),
        (0..VECTORS)
            .map(|id| f64::from(take_weights[id / length]))
            .collect(),
        (0..VECTORS).map(|id| id / length).collect(),
    );
    (target, plain)
}

fn random_controls(random: &mut SeededRandom, targets: usize) -> Controls {
    let curve = |random: &mut SeededRandom| LevelCurve {
        depth: random.unit(),
        points: std::array::from_fn(|_| random.unit()),
    };
    let mut weights = [0.0; MAX_TARGETS];
    for weight in weights.iter_mut().take(targets) {
        *weight = (random.unit() - 0.2).max(0.0);
    }
    Controls {
        blend_ratio: random.unit(),
        search: SearchParams {
            k: 1 + random.below(12),
            ..SearchParams::default()
        },
        blend: BlendSettings {
            trust: random.unit(),
            curves: Curves {
                voicing: VoicingCurve {
                    depth: random.unit(),
                    unvoiced: random.unit(),
                    voiced: random.unit(),
                },
                loudness: curve(random),
                pitch: curve(random),
            },
            morph: Morph {
                weights,
                pad: (random.below(3) == 0).then(|| [random.unit(), random.unit()]),
            },
            continuity: if random.below(4) == 0 { 0.0 } else { random.unit() },
            listen: [
                Listen::Blend,
                Listen::Blend,
                Listen::Live,
                Listen::Retrieved,
                Listen::Difference,
            ][random.below(5)],
            weighting: Weighting {
                kind: [
                    WeightingKind::Rvc,
                    WeightingKind::InverseSquare,
                    WeightingKind::Softmax,
                    WeightingKind::Equal,
                ][random.below(4)],
                temperature: Temperature(0.05 + 2.0 * random.unit()),
            },
        },
        drive: Drive {
            side_level: random.unit(),
            side_depth: random.unit() * 2.0 - 1.0,
            wheel: random.unit(),
            wheel_depth: random.unit() * 2.0 - 1.0,
            pressure: random.unit(),
            pressure_depth: random.unit() * 2.0 - 1.0,
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

/// Random pitch and level of two halves, unvoiced and silent among them.
fn random_halves(random: &mut SeededRandom) -> ([f32; 2], [f32; 2]) {
    let f0 = [0, 1].map(|_| {
        if random.below(3) == 0 {
            0.0
        } else {
            40.0 * 25.0_f32.powf(random.unit())
        }
    });
    let level = [0, 1].map(|_| {
        if random.below(8) == 0 {
            0.0
        } else {
            10.0_f32.powf(-4.0 * random.unit())
        }
    });
    (f0, level)
}

#[test]
fn random_settings_match_the_reference_to_1e_6() {
    for seed in 0..60 {
        let mut random = SeededRandom(seed);
        let count = 1 + random.below(6);
        let (targets, mut plain): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| {
                let weights = std::array::from_fn(|_| [0.0, 0.4, 1.0, 1.0][random.below(4)]);
                target(&mut random, &weights)
            })
            .unzip();
        let mut blender = Blender::new(DIM);
        let mut controls = random_controls(&mut random, count);
        for frame in 0..24 {
            if frame % 6 == 5 {
                controls = random_controls(&mut random, count);
            }
            let live = random.vector();
            let (f0_hz, level) = random_halves(&mut random);
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
fn default_settings_match_rvc_bit_for_bit() {
    let mut random = SeededRandom(5);
    let (target, _) = target(&mut random, &[1.0; 4]);
    let index = target.index.clone();
    let (others, _) = super::tests::target(&mut random, &[1.0; 4]);
    let mut blender = Blender::new(DIM);
    for n in 0..100 {
        let live = random.vector();
        let controls = Controls {
            blend_ratio: n as f32 / 99.0,
            ..Controls::default()
        };
        let (f0_hz, level) = random_halves(&mut random);
        let input = FrameInput {
            live: &live,
            f0_hz,
            level,
            controls: &controls,
        };
        // A second target of weight 0 changes nothing.
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
fn voicing_curve_of_depth_1_matches_rvc_protect() {
    let mut random = SeededRandom(9);
    let (target, _) = target(&mut random, &[1.0; 4]);
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
            let live = random.vector();
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
