//! Synthetic embeddings with a structure like speech: paths between sounds, in a low-dimensional subspace.

use voxmeld_core::dsp::noise;
use voxmeld_core::frames::Frames;

/// Dimensions of the subspace.
const LATENT: usize = 24;
/// Number of different sounds.
const SOUNDS: u64 = 120;
/// Frames from one sound to the next.
const STEP: usize = 5;

/// `count` vectors, and the `queries` vectors that follow them.
pub fn vectors_and_queries(count: usize, queries: usize, dim: usize) -> (Frames, Frames) {
    let directions: Vec<Vec<f32>> = (0..LATENT).map(|n| normal(1, n as i64, dim)).collect();
    let sounds: Vec<Vec<f32>> = (0..SOUNDS as i64).map(|n| normal(2, n, LATENT)).collect();
    let mut all = Frames::new(dim);
    for frame in 0..count + queries {
        let sound = |n: usize| &sounds[(mix(n as u64) % SOUNDS) as usize];
        let (from, to) = (sound(frame / STEP), sound(frame / STEP + 1));
        let part = (frame % STEP) as f32 / STEP as f32;
        let offset = normal(3, frame as i64, LATENT);
        let mut row: Vec<f32> = normal(4, frame as i64, dim).iter().map(|x| 0.3 * x).collect();
        for (n, direction) in directions.iter().enumerate() {
            let latent = from[n] + (to[n] - from[n]) * part + 0.35 * offset[n];
            for (value, along) in row.iter_mut().zip(direction) {
                *value += latent * along;
            }
        }
        all.push(&row);
    }
    let mut later = Frames::new(dim);
    (count..count + queries).for_each(|row| later.push(all.row(row)));
    all.resize(count);
    (all, later)
}

/// A hash (SplitMix64).
fn mix(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

fn normal(key: u64, row: i64, len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    noise::fill_normal(key, row, &mut values);
    values
}
