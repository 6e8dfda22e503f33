//! Transforms before an index, and their reverse.

use std::io::{Read, Seek};

use super::parts::{corrupt, unsupported};
use crate::retrieval::distance;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, MAX_DIM};
use crate::retrieval::search::Metric;

/// Cosine of two rows of a matrix up to which they count as orthogonal.
const ORTHOGONAL: f32 = 1e-3;

/// One transform.
pub(super) struct Transform {
    dim_in: usize,
    dim_out: usize,
    kind: Kind,
}

enum Kind {
    /// A matrix (OPQ, PCA, a rotation): its reverse, `dim_in` rows of `dim_out` values, and
    /// what to subtract before.
    Linear { reverse: Vec<f32>, offset: Vec<f32> },
    /// Columns that are copied, -1 for zeros.
    Remap(Vec<i32>),
    /// To length 1.
    Normalize,
    /// The mean is subtracted.
    Center(Vec<f32>),
}

/// What is read before the sizes.
enum Fields {
    Linear { matrix: Vec<f32>, offset: Vec<f32> },
    Other(Kind),
}

impl Transform {
    /// Reads a transform from its fourcc on.
    pub fn read<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<Self, IndexFileError> {
        let fourcc = cursor.fourcc()?;
        let fields = match &fourcc {
            b"rrot" | b"LTra" => linear(cursor)?,
            b"PCAm" | b"PcAm" | b"Pcam" => {
                cursor.skip(if &fourcc == b"Pcam" { 9 } else { 5 })?;
                cursor.skip(if &fourcc == b"PCAm" { 0 } else { 4 })?;
                for _ in 0..3 {
                    cursor.skip_counted(4)?; // what the matrix was made of
                }
                linear(cursor)?
            }
            b"Viqm" => {
                cursor.skip(8)?;
                linear(cursor)?
            }
            b"RmDT" => {
                let count = cursor.u64()?;
                let mut map = Vec::new();
                cursor.each(count, |bytes| {
                    map.push(i32::from_le_bytes(bytes));
                    Ok(())
                })?;
                Fields::Other(Kind::Remap(map))
            }
            b"VNrm" => {
                if (cursor.f32()? - 2.0).abs() > 1e-6 {
                    return Err(unsupported(
                        "an index of vectors normalised by another norm than L2",
                    ));
                }
                Fields::Other(Kind::Normalize)
            }
            b"VCnt" => Fields::Other(Kind::Center(cursor.counted_floats()?)),
            b"Viqt" => return Err(unsupported("an index behind an ITQ transform")),
            _ => return Err(corrupt("a transform in it")),
        };
        let dim_in = size(cursor.i32()?)?;
        let dim_out = size(cursor.i32()?)?;
        if cursor.u8()? != 1 {
            return Err(corrupt("a transform in it was never trained"));
        }
        let kind = match fields {
            Fields::Linear { matrix, offset } => {
                let sizes = (matrix.len(), offset.len());
                if sizes.0 != dim_in * dim_out || (sizes.1 != dim_out && sizes.1 != 0) {
                    return Err(corrupt("a matrix in it"));
                }
                Kind::Linear {
                    reverse: reverse(&matrix, dim_in, dim_out)
                        .ok_or_else(|| unsupported("an index behind a matrix that cannot be reversed"))?,
                    offset,
                }
            }
            Fields::Other(kind) => kind,
        };
        let in_range =
            |&column: &i32| column == -1 || usize::try_from(column).is_ok_and(|column| column < dim_in);
        let fits = match &kind {
            Kind::Linear { .. } => true,
            Kind::Remap(map) => map.len() == dim_out && map.iter().all(in_range),
            Kind::Normalize => dim_in == dim_out,
            Kind::Center(mean) => dim_in == dim_out && mean.len() == dim_in,
        };
        if !fits {
            return Err(corrupt("the sizes of its transforms"));
        }
        Ok(Self {
            dim_in,
            dim_out,
            kind,
        })
    }

    /// Values before it.
    pub fn dim_in(&self) -> usize {
        self.dim_in
    }

    /// Values after it.
    pub fn dim_out(&self) -> usize {
        self.dim_out
    }

    /// Writes the vector before the transform into `out`, which holds zeros.
    pub fn reverse(&self, vector: &[f32], out: &mut [f32]) {
        match &self.kind {
            Kind::Linear { reverse, offset } => {
                if offset.is_empty() {
                    return distance::to_rows(Metric::InnerProduct, vector, reverse, out);
                }
                let centred: Vec<f32> = vector.iter().zip(offset).map(|(value, by)| value - by).collect();
                distance::to_rows(Metric::InnerProduct, &centred, reverse, out);
            }
            Kind::Remap(map) => {
                for (value, &column) in vector.iter().zip(map) {
                    if let Ok(column) = usize::try_from(column) {
                        out[column] = *value;
                    }
                }
            }
            Kind::Normalize => out.copy_from_slice(vector),
            Kind::Center(mean) => {
                for ((out, value), mean) in out.iter_mut().zip(vector).zip(mean) {
                    *out = value + mean;
                }
            }
        }
    }

    /// True for `L2norm`: lengths are lost.
    pub fn makes_unit_length(&self) -> bool {
        matches!(self.kind, Kind::Normalize)
    }

    /// Description of the loss, for the user.
    pub fn loss(&self) -> Option<String> {
        (self.dim_out < self.dim_in).then(|| format!("{} of {} dimensions", self.dim_out, self.dim_in))
    }

    /// Its name.
    pub fn words(&self) -> &'static str {
        match self.kind {
            Kind::Linear { .. } => "a matrix (OPQ, PCA or rotation)",
            Kind::Remap(_) => "a choice of columns",
            Kind::Normalize => "L2norm",
            Kind::Center(_) => "centring",
        }
    }
}

fn size(declared: i32) -> Result<usize, IndexFileError> {
    let size = usize::try_from(declared)
        .ok()
        .filter(|size| (1..=MAX_DIM).contains(size));
    size.ok_or_else(|| corrupt("the sizes of its transforms"))
}

fn linear<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<Fields, IndexFileError> {
    let has_offset = cursor.u8()?;
    let matrix = cursor.counted_floats()?;
    let offset = cursor.counted_floats()?;
    match has_offset {
        0 => Ok(Fields::Linear {
            matrix,
            offset: Vec::new(),
        }),
        1 => Ok(Fields::Linear { matrix, offset }),
        _ => Err(corrupt("a matrix in it")),
    }
}

/// The pseudo-inverse, `dim_in` rows of `dim_out` values, of a matrix of `dim_out` rows
/// that are orthogonal (of any lengths: PCA may whiten), or whose columns are, where it
/// adds dimensions. `None` for others.
fn reverse(matrix: &[f32], dim_in: usize, dim_out: usize) -> Option<Vec<f32>> {
    let mut transposed = vec![0.0; matrix.len()];
    for (row, values) in matrix.chunks_exact(dim_in).enumerate() {
        for (column, value) in values.iter().enumerate() {
            transposed[column * dim_out + row] = *value;
        }
    }
    if dim_out <= dim_in {
        let scales = inverse_squared_lengths(matrix, dim_in)?;
        for row in transposed.chunks_exact_mut(dim_out) {
            row.iter_mut()
                .zip(&scales)
                .for_each(|(value, scale)| *value *= scale);
        }
    } else {
        let scales = inverse_squared_lengths(&transposed, dim_out)?;
        for (row, scale) in transposed.chunks_exact_mut(dim_out).zip(&scales) {
            row.iter_mut().for_each(|value| *value *= scale);
        }
    }
    Some(transposed)
}

/// `1 / |row|^2` of rows that are orthogonal; `None` if they are not.
fn inverse_squared_lengths(rows: &[f32], dim: usize) -> Option<Vec<f32>> {
    let product = |a: &[f32], b: &[f32]| distance::of(Metric::InnerProduct, a, b);
    let squares: Vec<f32> = rows.chunks_exact(dim).map(|row| product(row, row)).collect();
    for (n, row) in rows.chunks_exact(dim).enumerate() {
        for (other, &square) in rows.chunks_exact(dim).zip(&squares).take(n) {
            if product(row, other).abs() > ORTHOGONAL * (square * squares[n]).sqrt() {
                return None;
            }
        }
    }
    let inverses: Vec<f32> = squares.iter().map(|square| 1.0 / square).collect();
    let usable = inverses.iter().all(|scale| scale.is_finite() && *scale > 0.0);
    usable.then_some(inverses)
}
