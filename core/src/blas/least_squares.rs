//! Least squares of least norm (LAPACK's `?gelsd`).

use nalgebra::DMatrix;

use super::eigen::eigen;
use super::product::{Operand, Product};

/// The solution of least norm of min |a x - b|, column by column, and the rank of `a`. Singular values below
/// `smallest` of the largest count as 0. `None` if a value is not finite.
///
/// By the eigenvalues of aᵀa in double precision: the callers' matrices have single precision and many more rows
/// than columns, of which a decomposition of `a` itself would take many times as long.
pub(super) fn least_squares(
    a: &DMatrix<f64>,
    b: &DMatrix<f64>,
    smallest: f64,
) -> Option<(DMatrix<f64>, usize)> {
    let (values, vectors) = eigen(transposed_times(a, a), true)?;
    let largest = values.last().copied().unwrap_or(0.0);
    let below = largest * smallest.powi(2).max(rounding(values.len()));
    let mut weights = vectors.transpose() * transposed_times(a, b);
    let mut rank = 0;
    for (mut row, value) in weights.row_iter_mut().zip(&values) {
        if *value > below {
            row /= *value;
            rank += 1;
        } else {
            row.fill(0.0);
        }
    }
    Some((vectors * weights, rank))
}

/// How far an eigenvalue of so many may lie from 0 by rounding, for a largest of 1.
fn rounding(count: usize) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    f64::from(count) * f64::EPSILON
}

fn transposed_times(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(a.ncols(), b.ncols());
    let shape = (a.ncols(), a.nrows(), b.ncols());
    // SAFETY: all three lie column by column; `a` is read along its columns and `b` has as many rows.
    unsafe {
        f64::product(
            shape,
            1.0,
            Operand::new(a.as_ptr(), a.nrows(), true),
            Operand::new(b.as_ptr(), b.nrows(), false),
            0.0,
            product.as_mut_ptr(),
            a.ncols(),
        );
    }
    product
}
