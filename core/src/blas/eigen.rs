//! Eigenvalues of symmetric matrices (LAPACK's `?syev`).

use nalgebra::{DMatrix, SymmetricEigen};

/// Rounds per eigenvalue after which it is given up; LAPACK takes 30.
const ROUNDS: usize = 60;

/// Eigenvalues in ascending order, and their vectors as columns. Only the upper (or lower) triangle is read.
/// `None` if it holds a value that is not finite, or does not converge.
pub(super) fn eigen(mut a: DMatrix<f64>, upper: bool) -> Option<(Vec<f64>, DMatrix<f64>)> {
    if upper {
        a.fill_lower_triangle_with_upper_triangle();
    } else {
        a.fill_upper_triangle_with_lower_triangle();
    }
    if !a.iter().all(|value| value.is_finite()) {
        return None;
    }
    let rounds = ROUNDS * a.nrows().max(1);
    let found = SymmetricEigen::try_new(a, f64::EPSILON, rounds)?;
    let mut order: Vec<usize> = (0..found.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| found.eigenvalues[a].total_cmp(&found.eigenvalues[b]));
    let values = order.iter().map(|&at| found.eigenvalues[at]).collect();
    Some((values, found.eigenvectors.select_columns(&order)))
}
