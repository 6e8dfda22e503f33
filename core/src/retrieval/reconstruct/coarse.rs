//! The centroids of inverted lists, however the lists are found.

use std::io::{Read, Seek};

use super::nested::Nested;
use super::parts::{corrupt, zeros};
use super::product::ProductQuantizer;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, Header};
use crate::retrieval::rows::Rows;

/// Bits of a list's number that are taken, where lists are not stored one by one.
const MAX_BITS: usize = 40;

/// The centroid of each list.
pub(super) enum Coarse {
    /// Stored one by one: flat, HNSW, PQ, an inverted file of their own, ...
    Stored(Rows),
    /// All combinations of the pieces' centroids (`IMI2x8`).
    Product(ProductQuantizer),
    /// All sums of one vector of each code book (`RCQ2x8`).
    Residual {
        /// Bits of each code book's part of the number.
        bits: Vec<usize>,
        /// The code books, one after the other.
        books: Rows,
    },
}

impl Coarse {
    /// Reads the coarse quantiser of `n_list` lists of vectors of `dim` values, and gives
    /// its name for the user.
    pub fn read<R: Read + Seek>(
        cursor: &mut Cursor<R>,
        dim: usize,
        n_list: u64,
        nested: &Nested<R>,
    ) -> Result<(Self, String), IndexFileError> {
        let fourcc = cursor.fourcc()?;
        let (coarse, name) = match &fourcc {
            b"Imiq" => {
                Header::read(cursor, None).and_then(|header| same_dim(&header, dim))?;
                let quantizer = ProductQuantizer::read(cursor, dim)?;
                let name = format!("IMI{}x{}", quantizer.pieces(), quantizer.bits());
                (Self::Product(quantizer), name)
            }
            b"ImRQ" => {
                Header::read(cursor, None).and_then(|header| same_dim(&header, dim))?;
                (residual(cursor, dim)?, format!("IVF{n_list}(RCQ)"))
            }
            _ => {
                let read = nested.read_kind(cursor, fourcc, None)?;
                if read.vectors.dim() != dim || read.ids.is_some() {
                    return Err(corrupt("its centroids"));
                }
                let name = match read.kind.as_str() {
                    "flat" => format!("IVF{n_list}"),
                    other => format!("IVF{n_list}({other})"),
                };
                (Self::Stored(read.vectors), name)
            }
        };
        if coarse.len() == Some(n_list) {
            Ok((coarse, name))
        } else {
            Err(corrupt("its number of lists"))
        }
    }

    /// Number of lists.
    fn len(&self) -> Option<u64> {
        let by_bits = |bits: usize| (bits <= MAX_BITS).then(|| 1 << bits);
        match self {
            Self::Stored(rows) => Some(rows.len() as u64),
            Self::Product(quantizer) => by_bits(quantizer.pieces() * quantizer.bits()),
            Self::Residual { bits, .. } => by_bits(bits.iter().sum()),
        }
    }

    /// Writes the centroid of a list into `out`, which holds zeros.
    pub fn centroid(&self, list: u64, out: &mut [f32]) {
        // Lists are counted up to `len`, so numbers fit.
        let mut rest = usize::try_from(list).unwrap_or(0);
        match self {
            Self::Stored(rows) => out.copy_from_slice(rows.row(rest)),
            Self::Product(quantizer) => {
                let (pieces, bits) = (quantizer.pieces(), quantizer.bits());
                let values = out.len() / pieces;
                for (piece, values) in out.chunks_exact_mut(values).enumerate() {
                    quantizer.add_centroid(piece, rest & ((1 << bits) - 1), values);
                    rest >>= bits;
                }
            }
            Self::Residual { bits, books } => {
                let mut book = 0;
                for bits in bits {
                    let row = books.row(book + (rest & ((1 << bits) - 1)));
                    out.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                    rest >>= bits;
                    book += 1 << bits;
                }
            }
        }
    }

    /// All centroids, one by one: where there are no more of them than vectors.
    pub fn into_rows(self, dim: usize, vectors: usize) -> Result<Option<Rows>, IndexFileError> {
        if let Self::Stored(rows) = self {
            return Ok(Some(rows));
        }
        let Some(lists) = self.len().filter(|&lists| lists <= vectors as u64) else {
            return Ok(None);
        };
        let mut rows = zeros(dim, lists)?;
        for list in 0..lists {
            self.centroid(list, rows.row_mut(usize::try_from(list).unwrap_or(0)));
        }
        Ok(Some(rows))
    }
}

fn same_dim(header: &Header, dim: usize) -> Result<(), IndexFileError> {
    if header.dim == dim {
        Ok(())
    } else {
        Err(corrupt("its centroids"))
    }
}

/// A residual quantiser, without the tables that faiss could make of it.
fn residual<R: Read + Seek>(cursor: &mut Cursor<R>, dim: usize) -> Result<Coarse, IndexFileError> {
    let damaged = || corrupt("its residual centroids");
    let (of_dim, count) = (cursor.u64()?, cursor.u64()?);
    let listed = cursor.u64()?;
    let numbers = cursor.u64s(listed)?;
    let bits: Vec<usize> = numbers
        .iter()
        .filter_map(|&bits| usize::try_from(bits).ok().filter(|bits| (1..=16).contains(bits)))
        .collect();
    cursor.skip(1)?; // trained
    let values = cursor.u64()?;
    let vectors: u64 = bits.iter().map(|bits| 1_u64 << bits).sum();
    let sizes = (of_dim, count, bits.len() as u64, values);
    if bits.is_empty() || sizes != (dim as u64, listed, listed, vectors * dim as u64) {
        return Err(damaged());
    }
    let books = cursor.finite_rows(dim, values)?;
    // Norms are kept in the list's number by some kinds of search, which no coarse
    // quantiser uses: 0 decodes, 1 takes look-up tables without norms.
    if !matches!(cursor.i32()?, 0 | 1) {
        return Err(damaged());
    }
    cursor.skip(4 * 5)?; // range of norms, kind of training, beam, factor of the beam
    Ok(Coarse::Residual { bits, books })
}
