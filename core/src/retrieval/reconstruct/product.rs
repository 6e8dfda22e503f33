//! Product quantisation: a vector in pieces, each the number of a centroid.

use std::io::{Read, Seek};

use super::parts::corrupt;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::Cursor;
use crate::retrieval::rows::Rows;

/// The code books.
pub(super) struct ProductQuantizer {
    pieces: usize,
    bits: usize,
    /// Centroids of the first piece, then those of the second, ...
    centroids: Rows,
}

impl ProductQuantizer {
    /// Reads code books for vectors of `dim` values.
    pub fn read<R: Read + Seek>(cursor: &mut Cursor<R>, dim: usize) -> Result<Self, IndexFileError> {
        let (of_dim, pieces, bits) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
        let values = cursor.u64()?;
        let damaged = || corrupt("its code books");
        let pieces = usize::try_from(pieces).map_err(|_| damaged())?;
        // faiss allows 24 bits; 16 are 65,536 centroids a piece.
        let bits = usize::try_from(bits).ok().filter(|bits| (1..=16).contains(bits));
        let bits = bits.ok_or_else(damaged)?;
        let fits = pieces > 0 && pieces <= dim && dim.is_multiple_of(pieces);
        if of_dim != dim as u64 || !fits || values != (dim as u64) << bits {
            return Err(damaged());
        }
        Ok(Self {
            pieces,
            bits,
            centroids: cursor.finite_rows(dim / pieces, values)?,
        })
    }

    /// Pieces of a vector.
    pub fn pieces(&self) -> usize {
        self.pieces
    }

    /// Bits of a piece.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Bytes of a vector: the pieces' bits in a row, the lowest first.
    pub fn code_size(&self) -> usize {
        (self.pieces * self.bits).div_ceil(8)
    }

    /// Adds the vector of a code to `out`.
    pub fn add_decoded(&self, code: &[u8], out: &mut [f32]) {
        let mut bytes = code.iter();
        let (mut bits, mut there) = (0_u32, 0);
        for (piece, values) in out.chunks_exact_mut(self.centroids.dim()).enumerate() {
            while there < self.bits {
                bits |= u32::from(bytes.next().copied().unwrap_or(0)) << there;
                there += 8;
            }
            let number = bits & ((1 << self.bits) - 1);
            bits >>= self.bits;
            there -= self.bits;
            self.add_centroid(piece, number as usize, values);
        }
    }

    /// Adds a centroid of one piece to that piece's values.
    pub fn add_centroid(&self, piece: usize, number: usize, values: &mut [f32]) {
        let centroid = self.centroids.row((piece << self.bits) + number);
        values
            .iter_mut()
            .zip(centroid)
            .for_each(|(value, part)| *value += part);
    }

    /// Description of the codes, for the user.
    pub fn words(&self) -> String {
        format!("PQ codes of {} x {} bits", self.pieces, self.bits)
    }
}
