//! Checks of a faiss file before faiss sees a byte of it.
//!
//! Index files come from strangers, and faiss trusts every size it reads. So
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
mod ivf_flat;
mod kinds;
mod lists;
mod refined;

pub(super) use refined::{MAX_K_FACTOR, RefinedLayout};

use std::io::{Read, Seek};
use std::ops::Range;

use cursor::Cursor;

use super::Metric;
use super::error::IndexFileError;
use super::rows::Rows;

/// Largest dimension taken. The largest speech encoders make 1280 values; the
/// bound also lets [`super::blend()`] work in a fixed buffer.
pub const MAX_DIM: usize = 4096;

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
    /// An inverted file with an exact second look.
    Refined(RefinedLayout),
}

/// What the header of an inverted file says, found consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IvfLayout {
    /// Where it begins in the file.
    pub start: u64,
    /// Values per vector.
    pub dim: usize,
    /// Number of vectors.
    pub len: usize,
    /// How vectors are compared.
    pub metric: Metric,
    /// Number of inverted lists.
    pub n_list: usize,
    /// Where the lists' vectors lie, in the order of the file. They were passed over:
    /// that they are numbers is seen when faiss reads them.
    pub vectors: Vec<Range<u64>>,
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
    let fourcc = cursor.fourcc().map_err(|_| IndexFileError::NotAnIndex)?;
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
            None => IndexFileError::NotAnIndex,
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

/// The header that every faiss index begins with, after its fourcc.
struct Header {
    dim: usize,
    len: u64,
    metric: Metric,
}

impl Header {
    fn read<R: Read + Seek>(
        cursor: &mut Cursor<R>,
        expected_dim: Option<usize>,
    ) -> Result<Self, IndexFileError> {
        let declared_dim = cursor.i32()?;
        let declared_len = cursor.i64()?;
        cursor.skip(16)?; // two words that faiss writes and ignores
        let trained = cursor.u8()?;
        let metric = cursor.i32()?;

        let dim = match usize::try_from(declared_dim) {
            Ok(dim @ 1..) => dim,
            _ => {
                return Err(IndexFileError::Corrupt {
                    what: "its dimension",
                });
            }
        };
        if dim > MAX_DIM {
            let (declared, limit) = (dim as u64, MAX_DIM as u64);
            return Err(IndexFileError::TooLarge {
                what: "a dimension",
                declared,
                limit,
            });
        }
        if let Some(encoder) = expected_dim.filter(|&expected| expected != dim) {
            return Err(IndexFileError::Dimension { index: dim, encoder });
        }
        let len = u64::try_from(declared_len).map_err(|_| IndexFileError::Corrupt {
            what: "its number of vectors",
        })?;
        // faiss reads this byte into a C++ bool, where 2 would be undefined.
        match trained {
            1 => {}
            0 => {
                return Err(IndexFileError::Corrupt {
                    what: "it was never trained",
                });
            }
            _ => {
                return Err(IndexFileError::Corrupt {
                    what: "its trained flag",
                });
            }
        }
        let metric = match metric {
            0 => Metric::InnerProduct,
            1 => Metric::L2,
            2.. => {
                return Err(IndexFileError::UnsupportedKind {
                    kind: "a metric other than L2 and inner product".into(),
                });
            }
            _ => return Err(IndexFileError::Corrupt { what: "its metric" }),
        };
        Ok(Self { dim, len, metric })
    }

    /// Floats that the vectors take.
    fn values(&self) -> Result<u64, IndexFileError> {
        // `dim` is at most MAX_DIM, so only a mad `len` can overflow.
        self.len
            .checked_mul(self.dim as u64)
            .ok_or(IndexFileError::Corrupt {
                what: "its number of vectors",
            })
    }
}
