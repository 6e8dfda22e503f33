//! Factorizations against what defines their results.

use std::ptr;

use nalgebra::DMatrix;

use super::matrices::{assert_near, int, noise, single, wide};
use super::names::{dgetrf_, dgetri_, dsyev_, sgelsd_, sgeqrf_, sgesvd_, sgetrf_, sorgqr_};

#[test]
fn qr_gives_orthonormal_columns_that_span_the_matrix() {
    let (m, n) = (50, 30);
    let matrix = noise(m, n, 6);
    let (mut a, mut tau, mut info) = (single(&matrix), vec![0.0; n], -9);
    let (mut size, rows, columns) = (0.0, int(m), int(n));
    // SAFETY: the lengths are those of the matrices; the first call only asks.
    unsafe {
        sgeqrf_(
            &rows,
            &columns,
            a.as_mut_ptr(),
            &rows,
            tau.as_mut_ptr(),
            &mut size,
            &-1,
            &mut info,
        );
        assert_eq!((info, size, a == single(&matrix)), (0, 1.0, true));
        sgeqrf_(
            &rows,
            &columns,
            a.as_mut_ptr(),
            &rows,
            tau.as_mut_ptr(),
            &mut size,
            &1,
            &mut info,
        );
        assert_eq!(info, 0);
    }
    let r = wide(m, n, &a).upper_triangle().rows_range(..n).into_owned();
    // SAFETY: as above.
    unsafe {
        sorgqr_(
            &rows,
            &columns,
            &columns,
            a.as_mut_ptr(),
            &rows,
            tau.as_ptr(),
            &mut size,
            &1,
            &mut info,
        );
        assert_eq!(info, 0);
    }
    let q = wide(m, n, &a);
    assert_near(&(q.transpose() * &q), &DMatrix::identity(n, n), 1e-6);
    assert_near(&(q * r), &matrix, 1e-5);
}

#[test]
fn inverse_times_the_matrix_is_one() {
    let side = 40;
    let matrix = noise(side, side, 7);
    let (mut a, mut pivots, mut info) = (matrix.clone(), vec![0; side], -9);
    let n = int(side);
    // SAFETY: the lengths are those of the matrices.
    unsafe {
        dgetrf_(&n, &n, a.as_mut_ptr(), &n, pivots.as_mut_ptr(), &mut info);
        assert_eq!(info, 0);
        dgetri_(&n, a.as_mut_ptr(), &n, pivots.as_ptr(), &mut 0.0, &1, &mut info);
        assert_eq!(info, 0);
    }
    assert_near(&(a * matrix), &DMatrix::identity(side, side), 1e-10);
}

#[test]
fn singular_matrix_is_reported_by_its_column() {
    let (mut a, mut pivots, mut info) = ([1.0, 2.0, 2.0, 4.0], [0; 2], -9);
    // SAFETY: a matrix of two by two.
    unsafe { sgetrf_(&2, &2, a.as_mut_ptr(), &2, pivots.as_mut_ptr(), &mut info) };
    assert_eq!(info, 2);
}

#[test]
fn eigenvalues_ascend_and_their_vectors_are_stretched_by_them() {
    let side = 60;
    let half = noise(side, side, 8);
    let matrix = &half + half.transpose();
    // What stands in the other triangle is not read.
    let mut a = matrix.upper_triangle();
    let (mut values, mut info, n) = (vec![0.0; side], -9, int(side));
    // SAFETY: the lengths are those of the matrices.
    unsafe {
        dsyev_(
            c"Vectors".as_ptr(),
            c"Upper".as_ptr(),
            &n,
            a.as_mut_ptr(),
            &n,
            values.as_mut_ptr(),
            &mut 0.0,
            &1,
            &mut info,
        );
    }
    assert_eq!(info, 0);
    assert!(values.is_sorted());
    let stretched = DMatrix::from_fn(side, side, |row, column| a[(row, column)] * values[column]);
    assert_near(&(&matrix * &a), &stretched, 1e-10);
    assert_near(&(a.transpose() * &a), &DMatrix::identity(side, side), 1e-10);
}

/// A wide matrix, a tall one and a square one; all of U and V.
#[test]
fn singular_values_descend_and_their_product_is_the_matrix() {
    for (m, n) in [(20, 50), (50, 20), (32, 32)] {
        let matrix = noise(m, n, 9);
        let least = m.min(n);
        let (mut a, mut s, mut info) = (single(&matrix), vec![0.0; least], -9);
        let (mut u, mut vt) = (vec![0.0; m * m], vec![0.0; n * n]);
        let (rows, columns) = (int(m), int(n));
        // SAFETY: the lengths are those of the matrices.
        unsafe {
            sgesvd_(
                c"All".as_ptr(),
                c"All".as_ptr(),
                &rows,
                &columns,
                a.as_mut_ptr(),
                &rows,
                s.as_mut_ptr(),
                u.as_mut_ptr(),
                &rows,
                vt.as_mut_ptr(),
                &columns,
                &mut 0.0,
                &1,
                &mut info,
            );
        }
        assert_eq!(info, 0);
        assert!(s.is_sorted_by(|a, b| a >= b), "{s:?}");
        let (u, vt) = (wide(m, m, &u), wide(n, n, &vt));
        assert_near(&(u.transpose() * &u), &DMatrix::identity(m, m), 1e-5);
        assert_near(&(vt.transpose() * &vt), &DMatrix::identity(n, n), 1e-5);
        let middle = DMatrix::from_fn(
            m,
            n,
            |row, column| if row == column { f64::from(s[row]) } else { 0.0 },
        );
        assert_near(&(u * middle * vt), &matrix, 1e-5);
    }
}

/// The matrix of an additive quantizer: which of 8 entries each row uses of either code book. Its columns are
/// dependent: those of each book add up to ones.
#[test]
fn least_squares_of_dependent_columns_has_the_least_error_and_norm() {
    let (m, n) = (200, 16);
    let a = DMatrix::from_fn(m, n, |row, column| {
        f64::from(u8::from(
            column == row % 8 || column == 8 + (row / 8 + row / 3) % 8,
        ))
    });
    let right = noise(m, 3, 10);
    let (mut values, mut b) = (single(&a), single(&right));
    let (mut s, mut rank, mut info) = (vec![0.0; n], 0, -9);
    let (rows, columns) = (int(m), int(n));
    // SAFETY: the lengths are those of the matrices; the integers of work space are not used.
    unsafe {
        sgelsd_(
            &rows,
            &columns,
            &3,
            values.as_mut_ptr(),
            &rows,
            b.as_mut_ptr(),
            &rows,
            s.as_mut_ptr(),
            &-1.0,
            &mut rank,
            &mut 0.0,
            &1,
            ptr::null_mut(),
            &mut info,
        );
    }
    assert_eq!((info, rank), (0, 15));
    let all = wide(m, 3, &b);
    let solution = all.rows_range(..n).into_owned();
    let pseudo_inverse = a.clone().pseudo_inverse(1e-9).unwrap();
    assert_near(&solution, &(pseudo_inverse * &right), 1e-5);
    let residual = (&right - &a * solution).norm();
    assert!((all.rows_range(n..).norm() - residual).abs() < 1e-4);
}
