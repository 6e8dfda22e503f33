//! Matrices for the tests, and their comparison.

use std::ffi::c_int;

use nalgebra::DMatrix;

/// Values of -1 to 1 that repeat (a linear congruential generator).
pub(super) fn noise(rows: usize, columns: usize, seed: u32) -> DMatrix<f64> {
    let mut state = seed;
    DMatrix::from_fn(rows, columns, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [.., low, high] = state.to_le_bytes();
        f64::from(u16::from_le_bytes([low, high])) / 32_768.0 - 1.0
    })
}

pub(super) fn int(of: usize) -> c_int {
    c_int::try_from(of).unwrap()
}

#[expect(clippy::cast_possible_truncation, reason = "test values of single precision")]
pub(super) fn single(matrix: &DMatrix<f64>) -> Vec<f32> {
    matrix.iter().map(|value| *value as f32).collect()
}

pub(super) fn wide(rows: usize, columns: usize, values: &[f32]) -> DMatrix<f64> {
    DMatrix::from_iterator(rows, columns, values.iter().map(|value| f64::from(*value)))
}

pub(super) fn assert_near(found: &DMatrix<f64>, expected: &DMatrix<f64>, within: f64) {
    let far = (found - expected).amax();
    assert!(far <= within, "differs by {far:e}, allowed are {within:e}");
}
