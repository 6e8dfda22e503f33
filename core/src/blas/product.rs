//! Matrix products: `?gemm` and `ssyrk`.

use std::ops::Range;

use super::columns::{Columns, Value};

/// A matrix that is read: where it starts, and how far apart its rows and columns are.
#[derive(Clone, Copy)]
pub(super) struct Operand<T> {
    pub(super) data: *const T,
    row_stride: isize,
    column_stride: isize,
}

impl<T> Operand<T> {
    /// op(a) of BLAS: `a` as it lies, column by column, or (`transposed`) row by row.
    pub(super) fn new(data: *const T, stride: usize, transposed: bool) -> Self {
        // A stride beyond isize fits no memory.
        let stride = isize::try_from(stride).unwrap_or(isize::MAX);
        let (row_stride, column_stride) = if transposed { (stride, 1) } else { (1, stride) };
        Self {
            data,
            row_stride,
            column_stride,
        }
    }

    /// The operand read along the other side.
    fn turned(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The operand from this row on.
    ///
    /// # Safety
    /// It has so many rows.
    unsafe fn at_row(self, row: usize) -> Self {
        let offset = isize::try_from(row).unwrap_or(isize::MAX) * self.row_stride;
        Self {
            // SAFETY: the caller's promise.
            data: unsafe { self.data.offset(offset) },
            ..self
        }
    }
}

/// `(rows, inner, columns)` of a product.
pub(super) type Shape = (usize, usize, usize);

/// The product of two precisions.
pub(super) trait Product: Value {
    /// c := alpha a b + beta c, where c lies column by column; c is not read if beta is 0.
    ///
    /// # Safety
    /// All three matrices have the lengths of `shape`, and nothing else writes to them.
    unsafe fn product(
        shape: Shape,
        alpha: Self,
        a: Operand<Self>,
        b: Operand<Self>,
        beta: Self,
        c: *mut Self,
        stride: usize,
    );
}

macro_rules! product {
    ($value:ty, $function:path) => {
        impl Product for $value {
            unsafe fn product(
                (rows, inner, columns): Shape,
                alpha: Self,
                a: Operand<Self>,
                b: Operand<Self>,
                beta: Self,
                c: *mut Self,
                stride: usize,
            ) {
                let stride = isize::try_from(stride).unwrap_or(isize::MAX);
                // SAFETY: the caller's promise, in the same words.
                unsafe {
                    $function(
                        rows,
                        inner,
                        columns,
                        alpha,
                        a.data,
                        a.row_stride,
                        a.column_stride,
                        b.data,
                        b.row_stride,
                        b.column_stride,
                        beta,
                        c,
                        1,
                        stride,
                    );
                }
            }
        }
    };
}

product!(f32, matrixmultiply::sgemm);
product!(f64, matrixmultiply::dgemm);

/// Columns of a symmetric product that are computed at a time.
const BLOCK: usize = 128;

/// The upper (or lower) triangle of c := alpha a aᵀ + beta c, `side` by `side`; the other one is neither read nor
/// written.
///
/// # Safety
/// `a` has `side` rows and `inner` columns, `c` has `side` of both, and nothing else writes to them.
pub(super) unsafe fn symmetric(
    upper: bool,
    (side, inner): (usize, usize),
    alpha: f32,
    a: Operand<f32>,
    beta: f32,
    c: *mut f32,
    stride: usize,
) {
    let mut corner = vec![0.0_f32; BLOCK * BLOCK];
    for start in (0..side).step_by(BLOCK) {
        let end = side.min(start + BLOCK);
        let width = end - start;
        // Rows of these columns that lie wholly in the triangle.
        let whole: Range<usize> = if upper { 0..start } else { end..side };
        // SAFETY: `whole`, `start` and `end` are within `side`: every part begins inside of its matrix and has as
        // many rows and columns as are left there. The corner has `width` squared values or more.
        let diagonal = unsafe {
            let columns = a.at_row(start);
            if !whole.is_empty() {
                let shape = (whole.len(), inner, width);
                let place = c.add(start * stride + whole.start);
                f32::product(
                    shape,
                    alpha,
                    a.at_row(whole.start),
                    columns.turned(),
                    beta,
                    place,
                    stride,
                );
            }
            let shape = (width, inner, width);
            f32::product(
                shape,
                alpha,
                columns,
                columns.turned(),
                0.0,
                corner.as_mut_ptr(),
                width,
            );
            Columns::new(c.add(start * stride + start), width, width, stride)
        };
        add_triangle(upper, &corner, beta, diagonal);
    }
}

fn add_triangle(upper: bool, corner: &[f32], beta: f32, mut to: Columns<'_, f32>) {
    let width = to.column(0).len();
    for (column, from) in corner.chunks(width).take(width).enumerate() {
        let rows = if upper { 0..column + 1 } else { column..width };
        let to = to.column_mut(column);
        for (to, from) in to[rows.clone()].iter_mut().zip(&from[rows]) {
            let kept = if beta == 0.0 { 0.0 } else { beta * *to };
            *to = kept + from;
        }
    }
}
