//! A caller's matrix as BLAS and LAPACK hand it over: column after column, `stride` values apart.

use std::ffi::c_int;

use nalgebra::DMatrix;

/// Values that a caller stores: `f32` or `f64`. All factorizations work in `f64`.
pub(super) trait Value: Copy {
    fn wide(self) -> f64;
    fn narrow(wide: f64) -> Self;
}

impl Value for f32 {
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounds to the caller's precision")]
    fn narrow(wide: f64) -> Self {
        wide as Self
    }
}

impl Value for f64 {
    fn wide(self) -> f64 {
        self
    }

    fn narrow(wide: f64) -> Self {
        wide
    }
}

/// A length of Fortran; negative ones count as 0.
pub(super) fn length(of: c_int) -> usize {
    usize::try_from(of).unwrap_or(0)
}

/// A number of ours for a caller, whose matrices are counted in the same type.
pub(super) fn to_int(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

/// A caller's matrix.
pub(super) struct Columns<'a, T> {
    data: &'a mut [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T: Value> Columns<'a, T> {
    /// # Safety
    /// `data` points to `columns` columns of `rows` initialized values whose starts are `stride >= rows` values apart,
    /// and nothing else uses them while this lives. It may be anything where one of the lengths is 0.
    pub(super) unsafe fn new(data: *mut T, rows: usize, columns: usize, stride: usize) -> Self {
        let len = if rows == 0 || columns == 0 {
            0
        } else {
            (columns - 1) * stride + rows
        };
        let data: &mut [T] = if len == 0 {
            &mut []
        } else {
            // SAFETY: the caller's promise; the last column ends after `rows` values.
            unsafe { std::slice::from_raw_parts_mut(data, len) }
        };
        Self {
            data,
            rows,
            columns,
            stride,
        }
    }

    pub(super) fn column(&self, column: usize) -> &[T] {
        let start = column * self.stride;
        self.data.get(start..start + self.rows).unwrap_or(&[])
    }

    pub(super) fn column_mut(&mut self, column: usize) -> &mut [T] {
        let start = column * self.stride;
        self.data.get_mut(start..start + self.rows).unwrap_or(&mut [])
    }

    pub(super) fn to_matrix(&self) -> DMatrix<f64> {
        let values =
            (0..self.columns).flat_map(|column| self.column(column).iter().map(|value| value.wide()));
        DMatrix::from_iterator(self.rows, self.columns, values)
    }

    /// The upper left part of `matrix`; what it lacks stays.
    pub(super) fn write(&mut self, matrix: &DMatrix<f64>) {
        for (column, from) in (0..self.columns).zip(matrix.column_iter()) {
            for (to, from) in self.column_mut(column).iter_mut().zip(from.iter()) {
                *to = T::narrow(*from);
            }
        }
    }
}
