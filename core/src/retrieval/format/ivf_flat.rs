//! The check of an IVF-Flat file, field by field in file order.

use std::io::{Read, Seek};

use super::cursor::Cursor;
use super::{Header, IndexFileError, IvfLayout};

/// Checks everything after the fourcc `IwFl`.
pub(super) fn check<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
) -> Result<IvfLayout, IndexFileError> {
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
    let sizes = list_sizes(cursor, header.dim, n_list)?;

    let total = sizes.iter().try_fold(0_u64, |sum, &size| sum.checked_add(size));
    if total != Some(header.len) {
        return Err(IndexFileError::Corrupt {
            what: "its list sizes",
        });
    }
    if header.len == 0 {
        return Err(IndexFileError::TrainedOnly);
    }
    lists(cursor, &header, &sizes)?;
    cursor.end()?;

    let too_many = IndexFileError::Corrupt {
        what: "its number of vectors",
    };
    Ok(IvfLayout {
        dim: header.dim,
        len: usize::try_from(header.len).map_err(|_| too_many)?,
        metric: header.metric,
        n_list: sizes.len(),
    })
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
fn direct_map<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<(), IndexFileError> {
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

/// The header of the inverted lists; the result has `n_list` sizes.
fn list_sizes<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    dim: usize,
    n_list: u64,
) -> Result<Vec<u64>, IndexFileError> {
    match &cursor.fourcc()? {
        b"ilar" => {}
        b"il00" | b"ilod" => {
            let kind = "an IVF index that keeps its vectors in another file".into();
            return Err(IndexFileError::UnsupportedKind { kind });
        }
        _ => {
            return Err(IndexFileError::Corrupt {
                what: "its inverted lists",
            });
        }
    }
    let lists = cursor.u64()?;
    let code_size = cursor.u64()?;
    if lists != n_list || code_size != dim as u64 * 4 {
        return Err(IndexFileError::Corrupt {
            what: "its inverted lists",
        });
    }
    let form = cursor.fourcc()?;
    let count = cursor.u64()?;
    let values = cursor.u64s(count)?;
    let damaged = IndexFileError::Corrupt {
        what: "its list sizes",
    };
    match &form {
        b"full" if count == n_list => Ok(values),
        b"sprs" => sparse_sizes(&values, n_list).ok_or(damaged),
        _ => Err(damaged),
    }
}

/// Sizes given as (list, size) pairs; lists that are not named are empty.
fn sparse_sizes(values: &[u64], n_list: u64) -> Option<Vec<u64>> {
    let (pairs, []) = values.as_chunks::<2>() else {
        return None;
    };
    // The centroids were read: n_list is a count of things in the file.
    let mut sizes = vec![0; usize::try_from(n_list).ok()?];
    for &[list, size] in pairs {
        *sizes.get_mut(usize::try_from(list).ok()?)? = size;
    }
    Some(sizes)
}

/// The vectors and ids of all lists: finite, and each id of `0..len` once.
fn lists<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    sizes: &[u64],
) -> Result<(), IndexFileError> {
    let dim = header.dim as u64;
    cursor.need(header.len, dim * 4 + 8)?;
    let len = usize::try_from(header.len).map_err(|_| IndexFileError::Corrupt {
        what: "its number of vectors",
    })?;
    let mut seen = vec![false; len];
    for &size in sizes {
        cursor.skip_finite_floats(size * dim)?;
        cursor.each(size, |bytes| {
            let id = usize::try_from(i64::from_le_bytes(bytes)).map_err(|_| IndexFileError::CustomIds)?;
            match seen.get_mut(id) {
                Some(taken @ false) => *taken = true,
                _ => return Err(IndexFileError::CustomIds),
            }
            Ok(())
        })?;
    }
    Ok(())
}
