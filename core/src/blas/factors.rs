//! LAPACK's packed QR and LU factors of a matrix.

use nalgebra::{DMatrix, DVector};

/// QR by Householder reflections, in place: R in the upper triangle, below it the reflections' vectors without
/// their leading 1. Returns their factors tau (LAPACK's `?geqrf`).
pub(super) fn reflect(a: &mut DMatrix<f64>) -> Vec<f64> {
    let (rows, columns) = a.shape();
    (0..rows.min(columns))
        .map(|at| {
            let head = a[(at, at)];
            let tail = a.view((at + 1, at), (rows - at - 1, 1)).norm();
            if tail == 0.0 {
                return 0.0;
            }
            let length = -head.signum() * head.hypot(tail);
            let tau = (length - head) / length;
            a.view_mut((at + 1, at), (rows - at - 1, 1))
                .scale_mut((head - length).recip());
            a[(at, at)] = length;
            let vector = vector(a, at);
            apply(&vector, tau, a, at, at + 1);
            tau
        })
        .collect()
}

/// The first columns of Q of [`reflect`]'s result, as many as `packed` has (LAPACK's `?orgqr`).
pub(super) fn orthogonal(packed: &DMatrix<f64>, tau: &[f64]) -> DMatrix<f64> {
    let (rows, columns) = packed.shape();
    let mut q = DMatrix::identity(rows, columns);
    for (at, tau) in tau.iter().enumerate().rev() {
        apply(&vector(packed, at), *tau, &mut q, at, at);
    }
    q
}

/// The vector of one reflection from its row on, with its leading 1.
fn vector(packed: &DMatrix<f64>, at: usize) -> DVector<f64> {
    let mut vector = packed.column(at).rows_range(at..).into_owned();
    vector[0] = 1.0;
    vector
}

/// a := (1 - tau v vᵀ) a, for the columns from `column` on; v begins at `row`.
fn apply(vector: &DVector<f64>, tau: f64, a: &mut DMatrix<f64>, row: usize, column: usize) {
    for column in column..a.ncols() {
        let mut part = a.column_mut(column);
        let mut part = part.rows_range_mut(row..);
        let along = vector.dot(&part);
        part.axpy(-tau * along, vector, 1.0);
    }
}

/// LU of a square matrix with row exchanges, in place; which row each was exchanged with, from 0. Gives the first
/// column without a pivot, if there is one (LAPACK's `?getrf`).
pub(super) fn lower_upper(a: &mut DMatrix<f64>) -> (Vec<usize>, Option<usize>) {
    let factors = a.clone().lu();
    // Where every row of the result came from.
    let mut sources = DVector::from_iterator(a.nrows(), 0..a.nrows());
    factors.p().permute_rows(&mut sources);
    a.copy_from(factors.lu_internal());
    let mut places: Vec<usize> = (0..a.nrows()).collect();
    let exchanges = sources
        .iter()
        .enumerate()
        .map(|(row, source)| {
            let place = places.iter().position(|place| place == source).unwrap_or(row);
            places.swap(row, place);
            place
        })
        .collect();
    (exchanges, (0..a.nrows()).find(|&at| a[(at, at)] == 0.0))
}

/// The inverse from [`lower_upper`]'s result (LAPACK's `?getri`); `None` for a singular matrix.
pub(super) fn inverse(factors: &DMatrix<f64>, exchanges: &[usize]) -> Option<DMatrix<f64>> {
    let mut inverse = DMatrix::identity(factors.nrows(), factors.ncols());
    for (row, with) in exchanges.iter().enumerate() {
        inverse.swap_rows(row, *with);
    }
    let solved = factors.solve_lower_triangular_with_diag_mut(&mut inverse, 1.0)
        && factors.solve_upper_triangular_mut(&mut inverse);
    solved.then_some(inverse)
}
