//! Products against the sums that define them.

use super::matrices::{assert_near, int, noise, single, wide};
use super::names::{dgemm_, sgemm_, ssyrk_};
use nalgebra::DMatrix;

/// op(a) b and a op(b) of all four kinds, with rows between the columns that belong to somebody else.
#[test]
fn products_of_both_precisions_equal_the_sums_that_define_them() {
    let (m, n, k, gap) = (33, 20, 47, 3);
    for (op_a, op_b) in [(c"N", c"N"), (c"Transposed", c"Not"), (c"n", c"t"), (c"T", c"T")] {
        let turned = |op: &std::ffi::CStr| matches!(op.to_bytes()[0], b'T' | b't');
        let (a, b) = (noise(m, k, 1), noise(k, n, 2));
        let lie = |matrix: &DMatrix<f64>, op| {
            if turned(op) {
                matrix.transpose()
            } else {
                matrix.clone()
            }
        };
        let (lying_a, lying_b) = (lie(&a, op_a), lie(&b, op_b));
        let before = noise(m + gap, n, 3);
        let product = 2.0 * &a * &b + 0.5 * before.rows_range(..m);
        let (lda, ldb) = (int(lying_a.nrows()), int(lying_b.nrows()));
        let (rows, columns, inner, ldc) = (int(m), int(n), int(k), int(m + gap));

        let mut c = before.clone();
        // SAFETY: the lengths are those of the matrices.
        unsafe {
            dgemm_(
                op_a.as_ptr(),
                op_b.as_ptr(),
                &rows,
                &columns,
                &inner,
                &2.0,
                lying_a.as_ptr(),
                &lda,
                lying_b.as_ptr(),
                &ldb,
                &0.5,
                c.as_mut_ptr(),
                &ldc,
            );
        }
        assert_near(&c.rows_range(..m).into_owned(), &product, 1e-12);
        assert_eq!(c.rows_range(m..), before.rows_range(m..));

        let mut c = single(&before);
        let (a, b) = (single(&lying_a), single(&lying_b));
        // SAFETY: the lengths are those of the matrices.
        unsafe {
            sgemm_(
                op_a.as_ptr(),
                op_b.as_ptr(),
                &rows,
                &columns,
                &inner,
                &2.0,
                a.as_ptr(),
                &lda,
                b.as_ptr(),
                &ldb,
                &0.5,
                c.as_mut_ptr(),
                &ldc,
            );
        }
        assert_near(&wide(m + gap, n, &c).rows_range(..m).into_owned(), &product, 1e-4);
    }
}

#[test]
fn beta_zero_overwrites_values_that_are_not_numbers() {
    let mut c = [f32::NAN];
    // SAFETY: matrices of one value.
    unsafe {
        sgemm_(
            c"N".as_ptr(),
            c"N".as_ptr(),
            &1,
            &1,
            &1,
            &1.0,
            &2.0,
            &1,
            &3.0,
            &1,
            &0.0,
            c.as_mut_ptr(),
            &1,
        );
    }
    assert_eq!(c, [6.0]);
}

/// 300 is more than two blocks.
#[test]
fn symmetric_product_of_300_writes_its_triangle_and_nothing_else() {
    let (side, inner) = (300, 40);
    for (upper, turned) in [(true, false), (true, true), (false, false), (false, true)] {
        let a = noise(side, inner, 4);
        let before = noise(side, side, 5);
        let lying = if turned { a.transpose() } else { a.clone() };
        let (values, mut c) = (single(&lying), single(&before));
        let uplo = if upper { c"Up" } else { c"Low" };
        let op = if turned { c"Transposed" } else { c"Non transposed" };
        // SAFETY: the lengths are those of the matrices.
        unsafe {
            ssyrk_(
                uplo.as_ptr(),
                op.as_ptr(),
                &int(side),
                &int(inner),
                &1.0,
                values.as_ptr(),
                &int(lying.nrows()),
                &1.0,
                c.as_mut_ptr(),
                &int(side),
            );
        }
        let product = &a * a.transpose() + &before;
        let expected = DMatrix::from_fn(side, side, |row, column| {
            let written = if upper { row <= column } else { row >= column };
            if written {
                product[(row, column)]
            } else {
                before[(row, column)]
            }
        });
        assert_near(&wide(side, side, &c), &expected, 1e-4);
    }
}
