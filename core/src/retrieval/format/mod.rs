//! Checks of a faiss file before faiss sees a byte of it.
//!
//! Index files are downloaded from anywhere, and faiss trusts every size it reads. So
//! the whole structure is walked here first: declared counts must agree with
//! each other and with the length of the file, every float must be finite, and
//! the ids must be exactly `0..ntotal`. Nothing is allocated that the file's
//! own length does not vouch for. The vectors in the lists, nearly all of a large
//! file, are passed over: the reader that faiss is given looks at them
//! (`ivf/stream.rs`), so that they are read once.
//!
//! Layout (little endian; read off faiss's `index_write.cpp`, version 1.12):
//!
//! ```text
//! header     fourcc, i32 d, i64 ntotal, i64, i64, u8 trained, i32 metric
//! Flat       header (IxF2 | IxFI | IxFl), u64 floats, floats
//! IVF-Flat   header (IwFl), u64 nlist, u64 nprobe, a Flat index of nlist centroids,
//!            u8 map kind, u64 entries, map,
//!            "ilar", u64 nlist, u64 code size, "full" | "sprs", u64 n, u64 sizes,
//!            per list that is not empty: its vectors, its ids
//! IVF-PQfs   header (IwPf), u64 nlist, u64 nprobe, centroids, map as above,
//!            u8 residual, u64 code size, i32 block, u64 padded pieces, i32 scan, u64 batch,
//!            u64 d, u64 pieces, u64 bits, u64 floats, code books,
//!            "ilbl", u64 nlist, u64 -1, u64 codes a block, u64 bytes a block,
//!            per list: u64 ids, ids, u64 bytes, codes
//! RFlat      header (IxRF), an IVF index, a Flat index, f32 k_factor
//! ```
//!
//! Thread: loader.

mod cursor;
mod fast_scan;
mod header;
mod ivf_flat;
mod kinds;
mod layout;
mod lists;
mod refined;

pub(super) use cursor::Cursor;
pub(super) use header::Header;
pub use header::MAX_DIM;
pub(super) use kinds::name as kind_name;
pub(super) use layout::IvfLayout;
pub(super) use lists::direct_map;
pub(super) use refined::{MAX_K_FACTOR, RefinedLayout};

use std::io::{Read, Seek};

use super::error::IndexFileError;
use super::rows::Rows;
use super::search::Metric;
use crate::file_kind::FileKind;

/// Largest file taken, in bytes: about 2.7 million vectors of 768 values.
pub const MAX_FILE_BYTES: u64 = 8 << 30;

/// A file whose every declared size holds.
pub(super) enum Checked {
    /// An exact index, already read: faiss is not needed for it.
    Flat {
        /// The vectors.
        rows: Rows,
        /// How they are compared.
        metric: Metric,
    },
    /// An inverted-file index, now safe to hand to faiss.
    Ivf(IvfLayout),
    /// An inverted file with exact re-ranking.
    Refined(RefinedLayout),
}

/// Walks a whole index file of `len` bytes.
///
/// # Errors
/// See [`IndexFileError`].
pub(super) fn check(
    source: impl Read + Seek,
    len: u64,
    expected_dim: Option<usize>,
) -> Result<Checked, IndexFileError> {
    if len > MAX_FILE_BYTES {
        return Err(IndexFileError::TooLarge {
            what: "a size in bytes",
            declared: len,
            limit: MAX_FILE_BYTES,
        });
    }
    let mut cursor = Cursor::new(source, len);
    // What it is instead is looked up where the whole file can be read again.
    let not_an_index = || IndexFileError::NotAnIndex {
        found: FileKind::Unknown,
    };
    let fourcc = cursor.fourcc().map_err(|_| not_an_index())?;
    match &fourcc {
        b"IxF2" | b"IxFI" | b"IxFl" => flat(&mut cursor, expected_dim),
        b"IwFl" => {
            let layout = ivf_flat::check(&mut cursor, expected_dim, 0)?;
            cursor.end()?;
            Ok(Checked::Ivf(layout))
        }
        b"IxRF" => {
            let layout = refined::check(&mut cursor, expected_dim)?;
            cursor.end()?;
            Ok(Checked::Refined(layout))
        }
        other => Err(match kinds::name(*other) {
            Some(kind) => IndexFileError::UnsupportedKind { kind },
            None => not_an_index(),
        }),
    }
}

fn flat<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
) -> Result<Checked, IndexFileError> {
    let header = Header::read(cursor, expected_dim)?;
    if header.len == 0 {
        return Err(IndexFileError::Empty);
    }
    let values = header.values()?;
    if cursor.u64()? != values {
        return Err(IndexFileError::Corrupt {
            what: "its vector count",
        });
    }
    let rows = cursor.finite_rows(header.dim, values)?;
    cursor.end()?;
    Ok(Checked::Flat {
        rows,
        metric: header.metric,
    })
}
