//! The vectors of faiss files that are not searched as they are.
//!
//! faiss has dozens of kinds of index. Three of them are searched in place
//! ([`crate::retrieval::format`]); of all others that keep their vectors, as numbers or as
//! codes, every vector is reconstructed once, when the file is opened, and put into an
//! IVF-Flat index with the file's own lists, or into a flat one. faiss sees no byte of
//! such a file: the readers here check every size against the file's length before
//! anything is allocated.
//!
//! ```text
//! index       flat | PQ | PQ fast scan | SQ | IVF of any of them | IDMap | RefineFlat
//!             | HNSW | NSG | NNDescent (their storage) | IndexPreTransform
//! PQ          u64 d, u64 pieces, u64 bits, u64 floats, code books
//! SQ          i32 type, i32, f32, u64 d, u64 code size, u64 floats, ranges
//! IVF         header, u64 nlist, u64 nprobe, coarse quantiser (an index), id map,
//!             the codec's fields, inverted lists
//! IDMap       header, index, u64 ids, ids
//! RefineFlat  header, index, index, f32 k_factor
//! transform   fourcc, own fields, i32 d_in, i32 d_out, u8 trained
//! PreTransform  header, i32 transforms, transforms, index
//! HNSW        header, u64 n, f64s, five more counted arrays, i32 x 5, index
//! ```
//!
//! Thread: loader.

mod arrange;
mod coarse;
mod codec;
mod graphs;
mod inverted;
mod lists;
mod nested;
mod node;
mod parts;
mod product;
mod scalar;
mod transform;
mod wrapped;

pub(super) use parts::{InvertedLists, Reconstructed};

use std::io::{Read, Seek};

use super::error::IndexFileError;
use super::format::{Cursor, MAX_FILE_BYTES};

/// Reads a whole index file of `len` bytes.
///
/// # Errors
/// See [`IndexFileError`]; [`IndexFileError::UnsupportedKind`] for kinds that keep no
/// vectors or other codes.
pub(super) fn read(
    source: impl Read + Seek,
    len: u64,
    expected_dim: Option<usize>,
) -> Result<Reconstructed, IndexFileError> {
    if len > MAX_FILE_BYTES {
        return Err(IndexFileError::TooLarge {
            what: "a size in bytes",
            declared: len,
            limit: MAX_FILE_BYTES,
        });
    }
    let mut cursor = Cursor::new(source, len);
    let read = node::read(&mut cursor, expected_dim, 0)?;
    cursor.end()?;
    if read.vectors.len() == 0 {
        return Err(IndexFileError::TrainedOnly);
    }
    Ok(read)
}
