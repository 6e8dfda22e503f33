//! The check of an IVF-Flat index, field by field in file order.

use std::io::{Read, Seek};
use std::ops::Range;

use super::cursor::Cursor;
use super::header::Header;
use super::layout::IvfLayout;
use super::lists::{Ids, front};
use crate::retrieval::error::IndexFileError;

/// Checks everything after the fourcc `IwFl`, which stands at `start`.
pub(super) fn check<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
    start: u64,
) -> Result<IvfLayout, IndexFileError> {
    let front = front(cursor, expected_dim)?;
    let header = &front.header;
    let sizes = list_sizes(cursor, header.dim, front.n_list)?;

    let total = sizes.iter().try_fold(0_u64, |sum, &size| sum.checked_add(size));
    if total != Some(header.len) {
        return Err(IndexFileError::Corrupt {
            what: "its list sizes",
        });
    }
    if header.len == 0 {
        return Err(IndexFileError::TrainedOnly);
    }
    let (len, vectors) = lists(cursor, header, &sizes)?;
    Ok(IvfLayout {
        start,
        dim: header.dim,
        len,
        metric: header.metric,
        n_list: sizes.len(),
        vectors,
    })
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

/// The ids of all lists, each of `0..len` once; how many, and where the vectors are.
fn lists<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    sizes: &[u64],
) -> Result<(usize, Vec<Range<u64>>), IndexFileError> {
    let bytes = header.dim as u64 * 4;
    cursor.need(header.len, bytes + 8)?;
    let mut ids = Ids::new(header.len)?;
    let mut vectors = Vec::new();
    // faiss reads nothing for an empty list.
    for &size in sizes.iter().filter(|&&size| size > 0) {
        let start = cursor.position();
        cursor.skip(size * bytes)?;
        vectors.push(start..cursor.position());
        ids.take(cursor, size)?;
    }
    Ok((ids.end()?, vectors))
}
