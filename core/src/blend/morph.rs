//! Weights of the targets.

use crate::controls::{MAX_TARGETS, Morph};
use std::f32::consts::{FRAC_PI_2, TAU};

/// The weights of `count` targets: none negative, sum 1, zeros beyond `count`.
/// All zeros if all weights are 0; a single target has exactly 1 unless its weight is
/// 0.
#[must_use]
pub fn weights(morph: &Morph, count: usize) -> [f32; MAX_TARGETS] {
    let count = count.min(MAX_TARGETS);
    let mut weights = match morph.pad {
        Some(place) => on_pad(place, count),
        None => morph
            .weights
            .map(|weight| if weight.is_finite() { weight.max(0.0) } else { 0.0 }),
    };
    weights[count..].fill(0.0);
    let sum: f32 = weights.iter().sum();
    if sum > 0.0 {
        for weight in &mut weights {
            *weight /= sum;
        }
    }
    weights
}

/// Position of target `j` of `count` on the pad (0..1 in both directions, 1 is up): two
/// are left and right, four in the corners, others on a circle, clockwise from the top.
#[must_use]
pub fn corner(j: usize, count: usize) -> [f32; 2] {
    const SQUARE: [[f32; 2]; 4] = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
    match count {
        0 | 1 => [0.5, 0.5],
        2 => [if j == 0 { 0.0 } else { 1.0 }, 0.5],
        4 => SQUARE[j % 4],
        _ => {
            #[expect(clippy::cast_precision_loss, reason = "at most eight targets")]
            let angle = FRAC_PI_2 - TAU * j as f32 / count as f32;
            [0.5 + 0.5 * angle.cos(), 0.5 + 0.5 * angle.sin()]
        }
    }
}

/// Weights at a position. Two targets: horizontal position; four: bilinear; others:
/// inverse square of the distance, so that a target is alone at its own position.
fn on_pad(place: [f32; 2], count: usize) -> [f32; MAX_TARGETS] {
    let [x, y] = place.map(super::trust::clamp_unit);
    let mut weights = [0.0; MAX_TARGETS];
    match count {
        0 => {}
        1 => weights[0] = 1.0,
        2 => weights[..2].copy_from_slice(&[1.0 - x, x]),
        4 => weights[..4].copy_from_slice(&[(1.0 - x) * y, x * y, x * (1.0 - y), (1.0 - x) * (1.0 - y)]),
        _ => {
            for (j, weight) in weights.iter_mut().take(count).enumerate() {
                let [cx, cy] = corner(j, count);
                let squared = (x - cx) * (x - cx) + (y - cy) * (y - cy);
                *weight = 1.0 / squared.max(1e-9);
            }
        }
    }
    weights
}
