//! The singular value decomposition (LAPACK's `?gesvd` with all of U and V).

use nalgebra::{DMatrix, SVD};

use super::factors::{orthogonal, reflect};

/// Rounds per singular value after which it is given up; LAPACK takes 30.
const ROUNDS: usize = 60;

/// a = U S Vᵀ with square U and V.
pub(super) struct Singular {
    pub(super) u: DMatrix<f64>,
    /// Descending.
    pub(super) values: Vec<f64>,
    pub(super) v_transposed: DMatrix<f64>,
}

/// `None` if `a` holds a value that is not finite, or does not converge.
pub(super) fn singular(a: DMatrix<f64>) -> Option<Singular> {
    if !a.iter().all(|value| value.is_finite()) {
        return None;
    }
    let (rows, columns) = a.shape();
    let rounds = ROUNDS * rows.max(columns).max(1);
    let found = SVD::try_new(a, true, true, f64::EPSILON, rounds)?;
    Some(Singular {
        u: completed(found.u?),
        values: found.singular_values.iter().copied().collect(),
        v_transposed: completed(found.v_t?.transpose()).transpose(),
    })
}

/// Orthonormal columns, and as many more as make the matrix square.
fn completed(columns: DMatrix<f64>) -> DMatrix<f64> {
    let (rows, given) = columns.shape();
    if rows == given {
        return columns;
    }
    let mut packed = columns.clone();
    let tau = reflect(&mut packed);
    let mut all = orthogonal(&packed.resize_horizontally(rows, 0.0), &tau);
    // Reflections may turn a column around.
    all.columns_mut(0, given).copy_from(&columns);
    all
}
