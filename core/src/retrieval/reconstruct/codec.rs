//! How vectors are coded, and the loop that decodes them.

use std::io::{Read, Seek};

use super::coarse::Coarse;
use super::parts::corrupt;
use super::product::ProductQuantizer;
use super::scalar::ScalarQuantizer;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::Cursor;
use crate::retrieval::rows::Rows;

/// Codes that are read at a time; also the number of codes in a block of fast-scan ones.
const BLOCK: usize = 32;

/// What the bytes of a vector mean.
pub(super) enum Codec {
    /// 32-bit floats.
    Flat(usize),
    /// Numbers of centroids of its pieces.
    Product(ProductQuantizer),
    /// Each value for itself, with fewer bits.
    Scalar(ScalarQuantizer),
}

impl Codec {
    /// Bytes of a vector.
    pub fn code_size(&self) -> usize {
        match self {
            Self::Flat(dim) => dim * 4,
            Self::Product(quantizer) => quantizer.code_size(),
            Self::Scalar(quantizer) => quantizer.code_size(),
        }
    }

    /// Adds the vector of a code to `out`.
    pub fn add_decoded(&self, code: &[u8], out: &mut [f32]) {
        match self {
            Self::Flat(_) => {
                for (value, bytes) in out.iter_mut().zip(code.as_chunks().0) {
                    *value += f32::from_le_bytes(*bytes);
                }
            }
            Self::Product(quantizer) => quantizer.add_decoded(code, out),
            Self::Scalar(quantizer) => quantizer.add_decoded(code, out),
        }
    }

    /// Description of an index with this codec alone, for the user.
    pub fn words(&self) -> String {
        match self {
            Self::Flat(_) => "flat".into(),
            Self::Product(quantizer) => quantizer.words(),
            Self::Scalar(quantizer) => quantizer.words().into(),
        }
    }

    /// Description of the approximation, for the user; `None` if the vectors are exact.
    pub fn loss(&self) -> Option<String> {
        match self {
            Self::Flat(_) => None,
            Self::Product(quantizer) => Some(quantizer.words()),
            Self::Scalar(quantizer) => Some(quantizer.words().into()),
        }
    }
}

/// How codes follow each other.
pub(super) struct Packing {
    /// What a code means.
    pub codec: Codec,
    /// Fast-scan codes: blocks of 32, with so many pieces (an even number).
    blocks_of_pieces: Option<usize>,
}

impl Packing {
    /// One code after the other.
    pub fn plain(codec: Codec) -> Self {
        Self {
            codec,
            blocks_of_pieces: None,
        }
    }

    /// Blocks of 32 codes of 4 bits a piece, interleaved as faiss scans them.
    pub fn fast_scan(
        quantizer: ProductQuantizer,
        block: i64,
        padded_pieces: u64,
    ) -> Result<Self, IndexFileError> {
        let pieces = quantizer.pieces().next_multiple_of(2);
        if quantizer.bits() != 4 || padded_pieces != pieces as u64 || u64::try_from(block) != Ok(BLOCK as u64)
        {
            return Err(corrupt("its scan settings"));
        }
        Ok(Self {
            codec: Codec::Product(quantizer),
            blocks_of_pieces: Some(pieces),
        })
    }

    /// Bytes that `len` codes take; `None` if that is too much to count.
    pub fn bytes_of(&self, len: u64) -> Option<u64> {
        match self.blocks_of_pieces {
            Some(pieces) => len
                .div_ceil(BLOCK as u64)
                .checked_mul((pieces * BLOCK / 2) as u64),
            None => len.checked_mul(self.codec.code_size() as u64),
        }
    }

    /// Bytes of a block of 32 codes.
    pub fn block_bytes(&self) -> usize {
        self.blocks_of_pieces
            .map_or(self.codec.code_size() * BLOCK, |pieces| pieces * BLOCK / 2)
    }

    /// Adds the vector of code `n` of a block to `out`; `code` is room for it.
    fn add_decoded(&self, block: &[u8], n: usize, code: &mut [u8], out: &mut [f32]) {
        let size = self.codec.code_size();
        let Some(pieces) = self.blocks_of_pieces else {
            return self.codec.add_decoded(&block[n * size..(n + 1) * size], out);
        };
        code.fill(0);
        // Two pieces take 32 bytes, the even one the first half. Each byte has two
        // codes, 16 apart, in the order 0, 8, 1, 9, ... 7, 15.
        let (half, low) = (n / 16, n % 16);
        let place = if low < 8 { 2 * low } else { 2 * low - 15 };
        for piece in 0..pieces {
            let byte = block[piece / 2 * 32 + piece % 2 * 16 + place];
            let value = (byte >> (4 * half)) & 15;
            // The odd piece of a padded code has no room and is zero.
            if let Some(target) = code.get_mut(piece / 2) {
                *target |= value << (4 * (piece % 2));
            }
        }
        self.codec.add_decoded(code, out);
    }
}

/// The codes of one list.
pub(super) struct Entry {
    /// Which list.
    pub list: u64,
    /// How many.
    pub len: usize,
    /// Where they begin in the file.
    pub codes_at: u64,
}

/// Decodes all entries into `out`, which holds zeros; the codes of all entries in turn go to
/// `rows`. With `residual_of`, a code is the difference from its list's centroid.
///
/// That the file holds these bytes was checked.
pub(super) fn decode<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    packing: &Packing,
    entries: &[Entry],
    rows: &[u32],
    residual_of: Option<&Coarse>,
    out: &mut Rows,
) -> Result<(), IndexFileError> {
    let size = packing.codec.code_size();
    let mut block = vec![0; packing.block_bytes()];
    let mut code = vec![0; size];
    let mut rows = rows.iter();
    for entry in entries {
        cursor.go_to(entry.codes_at)?;
        for first in (0..entry.len).step_by(BLOCK) {
            let count = (entry.len - first).min(BLOCK);
            let bytes = if packing.blocks_of_pieces.is_some() {
                block.len()
            } else {
                count * size
            };
            cursor.read(&mut block[..bytes])?;
            for (n, &row) in (0..count).zip(&mut rows) {
                let vector = out.row_mut(row as usize);
                if let Some(coarse) = residual_of {
                    coarse.centroid(entry.list, vector);
                }
                packing.add_decoded(&block, n, &mut code, vector);
                if vector.iter().any(|value| !value.is_finite()) {
                    return Err(IndexFileError::NonFinite);
                }
            }
        }
    }
    Ok(())
}
