//! A slow implementation in double precision, written from the formulas one value at a
//! time, as the reference for tests.

use crate::controls::{Controls, LevelCurve, Listen, Weighting, WeightingKind};

/// A target of the reference.
#[derive(Clone)]
pub struct ReferenceTarget {
    pub vectors: Vec<Vec<f64>>,
    /// Weight of each vector's take.
    pub weight: Vec<f64>,
    /// Number of each vector's recording.
    pub recording: Vec<usize>,
    /// Distances of all vectors to their nearest other one, sorted.
    pub own: Vec<f64>,
    /// (id, path cost) of the previous frame.
    pub before: Vec<(usize, f64)>,
}

impl ReferenceTarget {
    pub fn new(vectors: Vec<Vec<f64>>, weight: Vec<f64>, recording: Vec<usize>) -> Self {
        let mut own: Vec<f64> = (0..vectors.len())
            .map(|a| {
                let others = (0..vectors.len()).filter(|&b| b != a);
                others
                    .map(|b| squared(&vectors[a], &vectors[b]).sqrt())
                    .fold(f64::INFINITY, f64::min)
            })
            .collect();
        own.sort_by(f64::total_cmp);
        Self {
            vectors,
            weight,
            recording,
            own,
            before: Vec::new(),
        }
    }

    fn percentile(&self, percent: usize) -> f64 {
        let place = percent as f64 / 100.0 * (self.own.len() - 1) as f64;
        let low = place.floor() as usize;
        let high = (low + 1).min(self.own.len() - 1);
        self.own[low] + (self.own[high] - self.own[low]) * (place - low as f64)
    }

    pub fn rank(&self, distance: f64) -> f64 {
        let (median, largest) = (self.percentile(50), self.percentile(100));
        if distance > largest {
            return 1.0 + ((distance - largest) / (largest - median)).min(1.0);
        }
        for percent in 0..=100 {
            if self.percentile(percent) >= distance {
                if percent == 0 {
                    return 0.0;
                }
                let (low, high) = (self.percentile(percent - 1), self.percentile(percent));
                return ((percent - 1) as f64 + (distance - low) / (high - low)) / 100.0;
            }
        }
        unreachable!("the largest is not below it")
    }

    /// (retrieved, distance to the nearest, spread) of a frame.
    fn retrieve(
        &mut self,
        live: &[f64],
        k: usize,
        continuity: f64,
        weighting: Weighting,
    ) -> Option<(Vec<f64>, f64, f64)> {
        let mut all: Vec<(f64, usize)> = (0..self.vectors.len())
            .filter(|&id| self.weight[id] > 0.0)
            .map(|id| (squared(live, &self.vectors[id]) / self.weight[id].powi(2), id))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.truncate(if continuity > 0.0 { (2 * k).min(64) } else { k });
        let nearest = all
            .iter()
            .map(|&(_, id)| squared(live, &self.vectors[id]))
            .fold(f64::INFINITY, f64::min);
        let costs = self.path_costs(&all, continuity);
        let mut chosen: Vec<(f64, (f64, usize))> = costs.iter().copied().zip(all.iter().copied()).collect();
        chosen.sort_by(|a, b| a.0.total_cmp(&b.0));
        chosen.truncate(k);
        let (costs, all): (Vec<f64>, Vec<(f64, usize)>) = chosen.into_iter().unzip();
        if all.is_empty() {
            return None;
        }
        let mut mean = vec![0.0; live.len()];
        let mut total = 0.0;
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let weight = |cost: f64| match weighting.kind {
            WeightingKind::Rvc => (1.0 / cost).powi(2),
            WeightingKind::InverseSquare => 1.0 / cost,
            WeightingKind::Softmax => (-cost / least / f64::from(weighting.temperature.0)).exp(),
            WeightingKind::Equal => 1.0,
        };
        let exact = costs
            .iter()
            .position(|&cost| cost == 0.0 && weighting.kind != WeightingKind::Equal);
        for (n, (&(_, id), &cost)) in all.iter().zip(&costs).enumerate() {
            let weight = match exact {
                Some(hit) => f64::from(u8::from(n == hit)),
                None => weight(cost),
            };
            total += weight;
            for (sum, value) in mean.iter_mut().zip(&self.vectors[id]) {
                *sum += weight * value;
            }
        }
        mean.iter_mut().for_each(|value| *value /= total);
        let mut spread = 0.0;
        for (&(_, id), &cost) in all.iter().zip(&costs).filter(|_| exact.is_none()) {
            spread += weight(cost) / total * squared(&self.vectors[id], &mean);
        }
        Some((mean, nearest.sqrt(), spread))
    }

    fn path_costs(&mut self, found: &[(f64, usize)], continuity: f64) -> Vec<f64> {
        let mut costs: Vec<f64> = found.iter().map(|&(cost, _)| cost).collect();
        if continuity <= 0.0 {
            self.before.clear();
            return costs;
        }
        if !self.before.is_empty() && costs.iter().all(|&cost| cost > 0.0) {
            let mut joins = Vec::new();
            for &(_, id) in found {
                let mut best = f64::INFINITY;
                for &(from, cost) in &self.before {
                    let follows = id == from + 1 && self.recording[id] == self.recording[from];
                    let join = if follows {
                        0.0
                    } else {
                        squared(&self.vectors[from], &self.vectors[id])
                    };
                    best = best.min(cost + join);
                }
                joins.push(best);
            }
            let least = joins.iter().copied().fold(f64::INFINITY, f64::min);
            for (cost, join) in costs.iter_mut().zip(joins) {
                *cost += continuity * (join - least);
            }
        }
        self.before = found
            .iter()
            .zip(&costs)
            .map(|(&(_, id), &cost)| (id, cost))
            .collect();
        costs
    }
}

pub fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Blends one frame, as [`super::Blender::frame`].
pub fn frame(
    targets: &mut [ReferenceTarget],
    live: &[f64],
    f0_hz: [f64; 2],
    level: [f64; 2],
    controls: &Controls,
) -> [Vec<f64>; 2] {
    let set = &controls.blend;
    let weights = morph_weights(controls, targets.len());
    let mut mean = vec![0.0; live.len()];
    let (mut total, mut rank) = (0.0, 0.0);
    for (target, weight) in targets.iter_mut().zip(weights) {
        if weight <= 0.0 {
            target.before.clear();
            continue;
        }
        let k = controls.search.k.clamp(1, 64);
        if let Some((retrieved, nearest, _)) =
            target.retrieve(live, k, f64::from(set.continuity), set.weighting)
        {
            for (sum, value) in mean.iter_mut().zip(retrieved) {
                *sum += weight * value;
            }
            rank += weight * target.rank(nearest);
            total += weight;
        }
    }
    if total <= 0.0 {
        return [live.to_vec(), live.to_vec()];
    }
    mean.iter_mut().for_each(|value| *value /= total);
    rank /= total;
    let x = ((rank - 0.75) / 0.5).clamp(0.0, 1.0);
    let trust = 1.0 - f64::from(set.trust) * (3.0 * x * x - 2.0 * x * x * x);
    let drive = &controls.drive;
    let driven = f64::from(controls.blend_ratio)
        + f64::from(drive.side_level) * f64::from(drive.side_depth)
        + f64::from(drive.wheel) * f64::from(drive.wheel_depth)
        + f64::from(drive.pressure) * f64::from(drive.pressure_depth);
    [0, 1].map(|half| {
        let ratio = driven.clamp(0.0, 1.0) * trust * curves(controls, f0_hz[half], level[half]);
        let mixed = live.iter().zip(&mean).map(|(h, r)| match set.listen {
            Listen::Blend => (1.0 - ratio) * h + ratio * r,
            Listen::Retrieved => *r,
            Listen::Difference => ratio * (r - h),
            Listen::Live => *h,
        });
        mixed.collect()
    })
}

fn morph_weights(controls: &Controls, count: usize) -> Vec<f64> {
    let morph = &controls.blend.morph;
    let mut weights: Vec<f64> = match morph.pad {
        None => morph.weights[..count]
            .iter()
            .map(|&w| f64::from(w).max(0.0))
            .collect(),
        Some([x, y]) => {
            let (x, y) = (f64::from(x), f64::from(y));
            match count {
                1 => vec![1.0],
                2 => vec![1.0 - x, x],
                4 => vec![(1.0 - x) * y, x * y, x * (1.0 - y), (1.0 - x) * (1.0 - y)],
                _ => (0..count)
                    .map(|j| {
                        let turn = std::f64::consts::TAU * j as f64 / count as f64;
                        let (cx, cy) = (0.5 + 0.5 * turn.sin(), 0.5 + 0.5 * turn.cos());
                        1.0 / ((x - cx).powi(2) + (y - cy).powi(2)).max(1e-9)
                    })
                    .collect(),
            }
        }
    };
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
    weights
}

fn curves(controls: &Controls, f0_hz: f64, level: f64) -> f64 {
    let curves = &controls.blend.curves;
    let with_depth = |depth: f32, value: f64| 1.0 - f64::from(depth) * (1.0 - value);
    let voiced = f0_hz > 0.0;
    let voicing = if voiced {
        curves.voicing.voiced
    } else {
        curves.voicing.unvoiced
    };
    let mut product = with_depth(curves.voicing.depth, f64::from(voicing));
    let db = if level > 0.0 { 20.0 * level.log10() } else { -1e9 };
    product *= with_depth(
        curves.loudness.depth,
        line(&curves.loudness, ((db + 60.0) / 60.0).clamp(0.0, 1.0)),
    );
    if voiced {
        let octaves = (f0_hz / 50.0).log2();
        product *= with_depth(
            curves.pitch.depth,
            line(&curves.pitch, (octaves / 4.0).clamp(0.0, 1.0)),
        );
    }
    product
}

fn line(curve: &LevelCurve, x: f64) -> f64 {
    let points = curve.points.map(f64::from);
    if x <= 0.5 {
        points[0] * (1.0 - 2.0 * x) + points[1] * 2.0 * x
    } else {
        points[1] * (2.0 - 2.0 * x) + points[2] * (2.0 * x - 1.0)
    }
}
