//! What all inverted files have: header, centroids, id map, ids.

use std::io::{Read, Seek};

use super::cursor::Cursor;
use super::header::Header;
use crate::retrieval::error::IndexFileError;

/// What stands before the lists' own settings.
pub(super) struct Front {
    pub header: Header,
    pub n_list: u64,
}

/// Checks header, centroids and id map.
pub(super) fn front<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
) -> Result<Front, IndexFileError> {
    let header = Header::read(cursor, expected_dim)?;
    let n_list = cursor.u64()?;
    // The n_probe that was saved with the index: we always pass our own.
    cursor.skip(8)?;
    if n_list == 0 {
        return Err(IndexFileError::Corrupt {
            what: "it has no lists",
        });
    }
    quantizer(cursor, header.dim, n_list)?;
    direct_map(cursor)?;
    Ok(Front { header, n_list })
}

/// The centroids: a flat index of its own, one vector per list.
fn quantizer<R: Read + Seek>(cursor: &mut Cursor<R>, dim: usize, n_list: u64) -> Result<(), IndexFileError> {
    if !matches!(&cursor.fourcc()?, b"IxF2" | b"IxFI" | b"IxFl") {
        let kind = "an IVF index whose lists are not found by a flat search".into();
        return Err(IndexFileError::UnsupportedKind { kind });
    }
    let header = Header::read(cursor, None)?;
    if header.dim != dim || header.len != n_list {
        return Err(IndexFileError::Corrupt {
            what: "its centroids",
        });
    }
    let values = header.values()?;
    if cursor.u64()? != values {
        return Err(IndexFileError::Corrupt {
            what: "its centroid count",
        });
    }
    cursor.skip_finite_floats(values)
}

/// A saved map from ids to places. It is dropped and made anew after the load,
/// because a forged one would point anywhere; here only its size matters.
pub(in crate::retrieval) fn direct_map<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<(), IndexFileError> {
    let damaged = || IndexFileError::Corrupt { what: "its id map" };
    let kind = cursor.u8()?;
    if kind > 2 {
        return Err(damaged());
    }
    let entries = cursor.u64()?;
    let bytes = cursor.need(entries, 8)?;
    cursor.skip(bytes)?;
    if kind == 2 {
        let pairs = cursor.u64()?;
        let bytes = cursor.need(pairs, 16)?;
        cursor.skip(bytes)?;
    }
    Ok(())
}

/// The ids of all lists: each of `0..len` once.
pub(super) struct Ids {
    seen: Vec<bool>,
    taken: usize,
}

impl Ids {
    /// For `len` vectors, which the file is long enough to hold.
    pub fn new(len: u64) -> Result<Self, IndexFileError> {
        let len = usize::try_from(len).map_err(|_| IndexFileError::Corrupt {
            what: "its number of vectors",
        })?;
        Ok(Self {
            seen: vec![false; len],
            taken: 0,
        })
    }

    /// Reads the ids of one list.
    pub fn take<R: Read + Seek>(&mut self, cursor: &mut Cursor<R>, count: u64) -> Result<(), IndexFileError> {
        cursor.each(count, |bytes| {
            let id = usize::try_from(i64::from_le_bytes(bytes)).ok();
            let Some(taken @ false) = id.and_then(|id| self.seen.get_mut(id)) else {
                // Such an index is converted (`retrieval/converted.rs`).
                let kind = "an IVF index with ids of its own".into();
                return Err(IndexFileError::UnsupportedKind { kind });
            };
            *taken = true;
            self.taken += 1;
            Ok(())
        })
    }

    /// Fails unless every id was there.
    pub fn end(self) -> Result<usize, IndexFileError> {
        if self.taken == self.seen.len() {
            return Ok(self.taken);
        }
        Err(IndexFileError::Corrupt {
            what: "its list sizes",
        })
    }
}
