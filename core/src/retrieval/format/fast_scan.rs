//! The check of an index of 4-bit codes that are scanned in blocks (`PQ...x4fs`).

use std::io::{Read, Seek};

use super::cursor::Cursor;
use super::layout::IvfLayout;
use super::lists::{Front, Ids, front};
use crate::retrieval::error::IndexFileError;

/// Codes in a block: the only number that faiss makes, and that its scan can do.
const BLOCK: u64 = 32;

/// Centroids per piece: 4 bits.
const CENTROIDS: u64 = 16;

/// Checks everything after the fourcc `IwPf`, which stands at `start`.
pub(super) fn check<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
    start: u64,
) -> Result<IvfLayout, IndexFileError> {
    let front = front(cursor, expected_dim)?;
    let settings = Settings::read(cursor)?;
    let pieces = quantizer(cursor, front.header.dim)?;
    // Odd numbers of pieces are padded to even ones.
    let padded = pieces.next_multiple_of(2);
    if settings.padded_pieces != padded || settings.code_size != padded / 2 {
        return Err(IndexFileError::Corrupt {
            what: "the size of its codes",
        });
    }
    Ok(IvfLayout {
        start,
        dim: front.header.dim,
        len: lists(cursor, &front, padded * BLOCK / 2)?,
        metric: front.header.metric,
        n_list: usize::try_from(front.n_list).map_err(|_| IndexFileError::Corrupt {
            what: "its number of lists",
        })?,
        // Codes: every byte is one.
        vectors: Vec::new(),
    })
}

/// The fields between id map and code books.
struct Settings {
    code_size: u64,
    padded_pieces: u64,
}

impl Settings {
    fn read<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<Self, IndexFileError> {
        let by_residual = cursor.u8()?;
        let code_size = cursor.u64()?;
        let block = cursor.i32()?;
        let padded_pieces = cursor.u64()?;
        let implementation = cursor.i32()?;
        let batch = cursor.u64()?;
        match by_residual {
            0 => {}
            // faiss sizes its tables there by the index's own n_probe, and fills
            // them by that of the search: a write past the end.
            1 => {
                return Err(IndexFileError::UnsupportedKind {
                    kind: "fast-scan codes of residuals, `x4fsr`; build with `x4fs`".into(),
                });
            }
            _ => {
                return Err(IndexFileError::Corrupt {
                    what: "its residual flag",
                });
            }
        }
        // 0: faiss chooses. The others are for experiments.
        if i64::from(block) != BLOCK.cast_signed() || implementation != 0 || batch != 0 {
            return Err(IndexFileError::Corrupt {
                what: "its scan settings",
            });
        }
        Ok(Self {
            code_size,
            padded_pieces,
        })
    }
}

/// The code books; the result is the number of pieces of a vector.
fn quantizer<R: Read + Seek>(cursor: &mut Cursor<R>, dim: usize) -> Result<u64, IndexFileError> {
    let (of_dim, pieces, bits) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    let dim = dim as u64;
    let values = cursor.u64()?;
    if of_dim != dim
        || pieces == 0
        || pieces > dim
        || !dim.is_multiple_of(pieces)
        || bits != 4
        || values != dim * CENTROIDS
    {
        return Err(IndexFileError::Corrupt {
            what: "its code books",
        });
    }
    cursor.skip_finite_floats(values)?;
    Ok(pieces)
}

/// The lists: ids, each of `0..len` once, and as many blocks of codes as they need.
fn lists<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    front: &Front,
    block_bytes: u64,
) -> Result<usize, IndexFileError> {
    let damaged = IndexFileError::Corrupt {
        what: "its inverted lists",
    };
    if &cursor.fourcc()? != b"ilbl" {
        return Err(damaged);
    }
    let lists = cursor.u64()?;
    // faiss writes "unknown" (all ones) for the size of a single code here.
    let code_size = cursor.u64()?;
    let (per_block, bytes) = (cursor.u64()?, cursor.u64()?);
    if lists != front.n_list || code_size != u64::MAX || per_block != BLOCK || bytes != block_bytes {
        return Err(damaged);
    }
    // Every vector has an id of 8 bytes, every list two counts.
    cursor.need(front.header.len, 8)?;
    cursor.need(lists, 16)?;
    let mut ids = Ids::new(front.header.len)?;
    for _ in 0..lists {
        let count = cursor.u64()?;
        cursor.need(count, 8)?;
        ids.take(cursor, count)?;
        let codes = cursor.u64()?;
        if Some(codes) != count.div_ceil(BLOCK).checked_mul(block_bytes) {
            return Err(IndexFileError::Corrupt {
                what: "the size of its codes",
            });
        }
        // Any four bits are a code: there is nothing to check in them.
        cursor.skip(codes)?;
    }
    let len = ids.end()?;
    if len == 0 {
        return Err(IndexFileError::TrainedOnly);
    }
    Ok(len)
}
