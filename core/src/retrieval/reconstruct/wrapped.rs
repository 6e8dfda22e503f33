//! Indices around another one: transforms, ids, re-ranking, another coarse quantiser.

use std::io::{Read, Seek};

use super::arrange::{move_rows, rows_of};
use super::nested::Nested;
use super::parts::{InvertedLists, Reconstructed, corrupt, unsupported, zeros};
use super::transform::Transform;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, Header};
use crate::retrieval::rows::Rows;

/// More transforms than any factory string makes.
const MAX_TRANSFORMS: i32 = 8;

/// Transforms, then the index of transformed vectors.
pub(super) fn pre_transform<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    let count = cursor.i32()?;
    if !(0..=MAX_TRANSFORMS).contains(&count) {
        return Err(corrupt("its number of transforms"));
    }
    let mut transforms = Vec::new();
    for _ in 0..count {
        transforms.push(Transform::read(cursor)?);
    }
    let inner = nested.read(cursor, None)?;
    if inner.vectors.len() as u64 != header.len {
        return Err(corrupt("its parts are of different indices"));
    }
    reverse(inner, &transforms, header)
}

/// An inverted file whose lists are found by an index over the vectors as they are, while
/// the codes may be of transformed ones.
pub(super) fn independent_quantizer<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    // It finds lists, and is not needed for that here. (faiss does not count the vectors in
    // the outer header.)
    nested.read(cursor, Some(header.dim))?;
    let transforms = match cursor.u8()? {
        0 => Vec::new(),
        1 => vec![Transform::read(cursor)?],
        _ => return Err(corrupt("its transform")),
    };
    let fourcc = cursor.fourcc()?;
    let inner = nested.read_kind(cursor, fourcc, None)?;
    if matches!(&fourcc, b"IwPQ" | b"IwQR") {
        cursor.skip(4)?; // tables that faiss would make
    }
    let inner = Reconstructed { lists: None, ..inner };
    reverse(inner, &transforms, header)
}

/// Vectors and centroids back into the space before the transforms.
fn reverse(
    mut inner: Reconstructed,
    transforms: &[Transform],
    header: &Header,
) -> Result<Reconstructed, IndexFileError> {
    let mut dim = header.dim;
    for transform in transforms {
        if transform.dim_in() != dim {
            return Err(corrupt("the sizes of its transforms"));
        }
        dim = transform.dim_out();
    }
    if dim != inner.vectors.dim() || inner.metric != header.metric {
        return Err(corrupt("its parts are of different indices"));
    }
    for transform in transforms.iter().rev() {
        inner.vectors = reversed(&inner.vectors, transform)?;
        if let Some(lists) = inner.lists {
            inner.lists = Some(InvertedLists {
                centroids: reversed(&lists.centroids, transform)?,
                ..lists
            });
        }
        inner.losses.extend(transform.loss());
        inner.unit_length |= transform.makes_unit_length();
    }
    let names: Vec<&str> = transforms.iter().map(Transform::words).collect();
    inner.kind = format!("{} behind {}", inner.kind, names.join(" and "));
    Ok(inner)
}

fn reversed(rows: &Rows, transform: &Transform) -> Result<Rows, IndexFileError> {
    let mut out = zeros(transform.dim_in(), rows.len() as u64)?;
    for row in 0..rows.len() {
        let vector = out.row_mut(row);
        transform.reverse(rows.row(row), vector);
        if vector.iter().any(|value| !value.is_finite()) {
            return Err(IndexFileError::NonFinite);
        }
    }
    Ok(out)
}

/// An index, and an exact or finer one of the same vectors.
pub(super) fn refine<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    let base = nested.read(cursor, Some(header.dim))?;
    let finer = nested.read(cursor, Some(header.dim))?;
    cursor.skip(4)?; // candidates of a search
    let sizes = (base.vectors.len() as u64, finer.vectors.len() as u64);
    if sizes != (header.len, header.len) || base.metric != header.metric || finer.metric != header.metric {
        return Err(corrupt("its parts are of different indices"));
    }
    if base.ids.is_some() || finer.ids.is_some() {
        return Err(unsupported("re-ranking of vectors with ids of their own"));
    }
    Ok(Reconstructed {
        kind: format!("{} re-ranked by {}", base.kind, finer.kind),
        lists: base.lists,
        unit_length: base.unit_length || finer.unit_length,
        ..finer
    })
}

/// Ids of its own for the vectors of an index.
pub(super) fn id_map<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    let inner = nested.read(cursor, Some(header.dim))?;
    let ids = cursor.counted_i64s()?;
    let len = inner.vectors.len();
    if len as u64 != header.len || ids.len() != len || inner.metric != header.metric {
        return Err(corrupt("its parts are of different indices"));
    }
    if inner.ids.is_some() {
        return Err(unsupported("an index whose vectors have two ids each"));
    }
    let (rows, ids) = rows_of(&ids);
    let lists = inner.lists.map(|lists| {
        let mut list_of_row = vec![0; len];
        for (n, &row) in rows.iter().enumerate() {
            list_of_row[row as usize] = lists.list_of_row[n];
        }
        InvertedLists { list_of_row, ..lists }
    });
    Ok(Reconstructed {
        vectors: move_rows(inner.vectors, &rows),
        ids,
        lists,
        ..inner
    })
}
