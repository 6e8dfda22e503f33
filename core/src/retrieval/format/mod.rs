//! Checks of a faiss file before faiss sees a byte of it.
//!
//! Index files come from strangers, and faiss trusts every size it reads. So
//! the whole structure is walked here first: declared counts must agree with
//! each other and with the length of the file, every float must be finite, and
//! the ids must be exactly `0..ntotal`. Nothing is allocated that the file's
//! own length does not vouch for.
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
//! ```
//!
//! Thread: loader.

mod cursor;
mod ivf_flat;
mod kinds;

use std::io::{Read, Seek};

use cursor::Cursor;

use super::Metric;
use super::error::IndexFileError;

/// Largest dimension taken. The largest speech encoders make 1280 values; the
/// bound also lets [`super::blend()`] work in a fixed buffer.
pub const MAX_DIM: usize = 4096;

/// Largest file taken, in bytes: about 2.7 million vectors of 768 values.
pub const MAX_FILE_BYTES: u64 = 8 << 30;

/// A file whose every declared size holds.
pub(super) enum Checked {
    /// An exact index, already read: faiss is not needed for it.
    Flat {
        /// Values per vector.
        dim: usize,
        /// How vectors are compared.
        metric: Metric,
        /// Row-major vectors.
        data: Vec<f32>,
    },
    /// An inverted-file index, now safe to hand to faiss.
    IvfFlat(IvfLayout),
}

/// What the header of an IVF-Flat file says, found consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IvfLayout {
    /// Values per vector.
    pub dim: usize,
    /// Number of vectors.
    pub len: usize,
    /// How vectors are compared.
    pub metric: Metric,
    /// Number of inverted lists.
    pub n_list: usize,
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
        b"IwFl" => ivf_flat::check(&mut cursor, expected_dim).map(Checked::IvfFlat),
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
    let data = cursor.finite_floats(values)?;
    cursor.end()?;
    Ok(Checked::Flat {
        dim: header.dim,
        metric: header.metric,
        data,
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
