//! Snapshots of all blending settings, and interpolation between two of them.

use super::{
    BlendSettings, Curves, LevelCurve, Listen, MAX_TARGETS, Morph, Temperature, VoicingCurve, Weighting,
    WeightingKind,
};

/// All blending settings, including the ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scene {
    /// The ratio.
    pub ratio: f32,
    /// All other settings.
    pub blend: BlendSettings,
}

/// Numbers in a saved scene. Sessions of earlier versions have fewer; what is missing is at its default.
pub const SCENE_NUMBERS: usize = 28;

impl Scene {
    /// All settings in a fixed order, as saved in sessions.
    #[must_use]
    pub fn to_numbers(&self) -> [f32; SCENE_NUMBERS] {
        let (blend, curves) = (&self.blend, &self.blend.curves);
        let [low, middle, high] = curves.loudness.points;
        let [deep, mid, top] = curves.pitch.points;
        let [a, b, c, d, e, f, g, h] = blend.morph.weights;
        let [x, y] = blend.morph.pad.unwrap_or([0.5, 0.5]);
        let by_pad = if blend.morph.pad.is_some() { 1.0 } else { 0.0 };
        let listen = match blend.listen {
            Listen::Blend => 0.0,
            Listen::Live => 1.0,
            Listen::Retrieved => 2.0,
            Listen::Difference => 3.0,
        };
        let weighting = match blend.weighting.kind {
            WeightingKind::Rvc => 0.0,
            WeightingKind::InverseSquare => 1.0,
            WeightingKind::Softmax => 2.0,
            WeightingKind::Equal => 3.0,
        };
        [
            self.ratio,
            blend.trust,
            curves.voicing.depth,
            curves.voicing.unvoiced,
            curves.voicing.voiced,
            curves.loudness.depth,
            low,
            middle,
            high,
            curves.pitch.depth,
            deep,
            mid,
            top,
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            by_pad,
            x,
            y,
            blend.continuity,
            listen,
            weighting,
            blend.weighting.temperature.0,
        ]
    }

    /// The inverse of [`Self::to_numbers`].
    #[must_use]
    pub fn from_numbers(numbers: &[f32; SCENE_NUMBERS]) -> Self {
        let three = |from: usize| [numbers[from], numbers[from + 1], numbers[from + 2]];
        let level = |from: usize| LevelCurve {
            depth: numbers[from],
            points: three(from + 1),
        };
        Self {
            ratio: numbers[0],
            blend: BlendSettings {
                trust: numbers[1],
                curves: Curves {
                    voicing: VoicingCurve {
                        depth: numbers[2],
                        unvoiced: numbers[3],
                        voiced: numbers[4],
                    },
                    loudness: level(5),
                    pitch: level(9),
                },
                morph: Morph {
                    weights: std::array::from_fn(|n| numbers[13 + n]),
                    pad: (numbers[21] > 0.5).then_some([numbers[22], numbers[23]]),
                },
                continuity: numbers[24],
                listen: match numbers[25] {
                    x if x > 2.5 => Listen::Difference,
                    x if x > 1.5 => Listen::Retrieved,
                    x if x > 0.5 => Listen::Live,
                    _ => Listen::Blend,
                },
                weighting: Weighting {
                    kind: match numbers[26] {
                        x if x > 2.5 => WeightingKind::Equal,
                        x if x > 1.5 => WeightingKind::Softmax,
                        x if x > 0.5 => WeightingKind::InverseSquare,
                        _ => WeightingKind::Rvc,
                    },
                    temperature: Temperature(numbers[27]),
                },
            },
        }
    }

    /// `t` = 0 is exactly `a`, 1 exactly `b`; numbers are interpolated linearly, choices
    /// switch half-way.
    #[must_use]
    pub fn between(a: &Self, b: &Self, t: f32) -> Self {
        let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
        if t <= 0.0 {
            return *a;
        }
        if t >= 1.0 {
            return *b;
        }
        let nearer = if t < 0.5 { &a.blend } else { &b.blend };
        Self {
            ratio: line(a.ratio, b.ratio, t),
            blend: BlendSettings {
                trust: line(a.blend.trust, b.blend.trust, t),
                curves: curves(&a.blend.curves, &b.blend.curves, t),
                morph: morph(&a.blend.morph, &b.blend.morph, t, nearer.morph.pad.is_some()),
                continuity: line(a.blend.continuity, b.blend.continuity, t),
                listen: nearer.listen,
                weighting: Weighting {
                    kind: nearer.weighting.kind,
                    temperature: Temperature(line(
                        a.blend.weighting.temperature.0,
                        b.blend.weighting.temperature.0,
                        t,
                    )),
                },
            },
        }
    }
}

/// Linear interpolation, exact at both ends.
fn line(a: f32, b: f32, t: f32) -> f32 {
    a * (1.0 - t) + b * t
}

fn curves(a: &Curves, b: &Curves, t: f32) -> Curves {
    let level = |a: &LevelCurve, b: &LevelCurve| LevelCurve {
        depth: line(a.depth, b.depth, t),
        points: std::array::from_fn(|n| line(a.points[n], b.points[n], t)),
    };
    Curves {
        voicing: VoicingCurve {
            depth: line(a.voicing.depth, b.voicing.depth, t),
            unvoiced: line(a.voicing.unvoiced, b.voicing.unvoiced, t),
            voiced: line(a.voicing.voiced, b.voicing.voiced, t),
        },
        loudness: level(&a.loudness, &b.loudness),
        pitch: level(&a.pitch, &b.pitch),
    }
}

fn morph(a: &Morph, b: &Morph, t: f32, by_pad: bool) -> Morph {
    let weights: [f32; MAX_TARGETS] = std::array::from_fn(|n| line(a.weights[n], b.weights[n], t));
    let pad = match (a.pad, b.pad) {
        (Some(a), Some(b)) => Some([line(a[0], b[0], t), line(a[1], b[1], t)]),
        (a, b) => a.or(b),
    };
    Morph {
        weights,
        pad: pad.filter(|_| by_pad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::Drive;

    fn scenes() -> (Scene, Scene) {
        let a = Scene {
            ratio: 0.1,
            blend: BlendSettings::default(),
        };
        let mut b = Scene { ratio: 0.7, ..a };
        b.blend.trust = 0.8;
        b.blend.listen = Listen::Difference;
        b.blend.morph.weights = [0.0, 0.25, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0];
        b.blend.curves.pitch.points = [1.0, 0.3, 0.2];
        b.blend.continuity = 0.5;
        b.blend.weighting.kind = WeightingKind::Equal;
        b.blend.weighting.temperature = Temperature(2.5);
        (a, b)
    }

    #[test]
    fn to_numbers_and_back_keeps_a_scene() {
        let (a, mut b) = scenes();
        b.blend.morph.pad = Some([0.25, 0.75]);
        b.blend.curves.voicing.unvoiced = 0.1;
        b.blend.curves.loudness.points = [0.9, 0.8, 0.7];
        for scene in [a, b] {
            assert_eq!(Scene::from_numbers(&scene.to_numbers()), scene);
        }
    }

    #[test]
    fn position_0_is_a_and_1_is_b() {
        let (a, b) = scenes();
        assert_eq!(Scene::between(&a, &b, 0.0), a);
        assert_eq!(Scene::between(&a, &b, 1.0), b);
        assert_eq!(Scene::between(&a, &b, f32::NAN), a);
    }

    #[test]
    fn between_interpolates_numbers_and_switches_choices_half_way() {
        let (a, b) = scenes();
        for step in 1..20 {
            let t = step as f32 / 20.0;
            let scene = Scene::between(&a, &b, t);
            let near = |got: f32, a: f32, b: f32| {
                let wanted = f64::from(a) + (f64::from(b) - f64::from(a)) * f64::from(t);
                assert!((f64::from(got) - wanted).abs() < 1e-6, "{t}: {got} {wanted}");
            };
            near(scene.ratio, 0.1, 0.7);
            near(scene.blend.trust, 0.0, 0.8);
            near(scene.blend.continuity, 0.0, 0.5);
            near(scene.blend.weighting.temperature.0, 0.5, 2.5);
            near(scene.blend.morph.weights[0], 1.0, 0.0);
            near(scene.blend.morph.weights[2], 0.0, 0.5);
            near(scene.blend.curves.pitch.points[1], 0.5, 0.3);
            let expected = if t < 0.5 {
                Listen::Blend
            } else {
                Listen::Difference
            };
            assert_eq!(scene.blend.listen, expected);
            let is_rvc = scene.blend.weighting.kind == WeightingKind::Rvc;
            assert_eq!(is_rvc, t < 0.5);
        }
    }

    #[test]
    fn modulation_is_added_to_the_ratio_and_clamped_to_0_to_1() {
        let drive = Drive {
            side_level: 0.5,
            side_depth: -0.4,
            wheel: 1.0,
            wheel_depth: 0.3,
            pressure: 0.5,
            pressure_depth: 0.1,
        };
        assert!((drive.ratio(0.5) - 0.65).abs() < 1e-6);
        assert_eq!(drive.ratio(2.0), 1.0);
        assert_eq!(Drive::default().ratio(0.3), 0.3);
        assert_eq!(Drive::default().ratio(f32::NAN), 0.0);
        let broken = Drive {
            side_level: f32::NAN,
            side_depth: 1.0,
            ..Drive::default()
        };
        assert_eq!(broken.ratio(0.3), 0.3);
    }
}
