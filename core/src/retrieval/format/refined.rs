//! The check of an index with exact re-ranking (`RFlat`).

use std::io::{Read, Seek};

use super::cursor::Cursor;
use super::header::Header;
use super::layout::IvfLayout;
use super::{fast_scan, ivf_flat, kinds};
use crate::retrieval::error::IndexFileError;
use crate::retrieval::rows::Rows;

/// Most candidates per neighbour that a file may ask for.
pub(in crate::retrieval) const MAX_K_FACTOR: usize = 1024;

/// What the file says, found consistent; the vectors are read already.
pub(in crate::retrieval) struct RefinedLayout {
    /// The quick index inside, which faiss may read.
    pub base: IvfLayout,
    /// The vectors for the re-ranking.
    pub vectors: Rows,
    /// Candidates per neighbour, where a search does not say.
    pub k_factor: f32,
}

/// Checks everything after the fourcc `IxRF`. No index nests deeper than this one.
pub(super) fn check<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
) -> Result<RefinedLayout, IndexFileError> {
    let header = Header::read(cursor, expected_dim)?;
    let start = cursor.position();
    let base = match &cursor.fourcc()? {
        b"IwPf" => fast_scan::check(cursor, Some(header.dim), start)?,
        b"IwFl" => ivf_flat::check(cursor, Some(header.dim), start)?,
        other => {
            let kind = kinds::name(*other).ok_or(IndexFileError::Corrupt {
                what: "the index in it",
            })?;
            let kind = format!("re-ranking of {kind}");
            return Err(IndexFileError::UnsupportedKind { kind });
        }
    };
    if !matches!(&cursor.fourcc()?, b"IxF2" | b"IxFI" | b"IxFl") {
        let kind = "re-ranking by something else than the vectors themselves".into();
        return Err(IndexFileError::UnsupportedKind { kind });
    }
    let exact = Header::read(cursor, Some(header.dim))?;
    let len = base.len as u64;
    if exact.len != len || header.len != len || exact.metric != base.metric || header.metric != base.metric {
        return Err(IndexFileError::Corrupt {
            what: "its parts are of different indices",
        });
    }
    let values = exact.values()?;
    if cursor.u64()? != values {
        return Err(IndexFileError::Corrupt {
            what: "its vector count",
        });
    }
    let vectors = cursor.finite_rows(header.dim, values)?;
    Ok(RefinedLayout {
        base,
        vectors,
        k_factor: k_factor(cursor.f32()?)?,
    })
}

fn k_factor(value: f32) -> Result<f32, IndexFileError> {
    #[expect(clippy::cast_precision_loss, reason = "1024")]
    let limit = MAX_K_FACTOR as f32;
    if (1.0..=limit).contains(&value) {
        return Ok(value);
    }
    Err(IndexFileError::Corrupt {
        what: "its number of candidates",
    })
}
