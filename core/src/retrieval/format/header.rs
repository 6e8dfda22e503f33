//! What all kinds of index files begin with.

use std::io::{Read, Seek};

use super::cursor::Cursor;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::search::Metric;

/// Largest dimension taken. The largest speech encoders make 1280 values; the
/// bound also lets [`crate::retrieval::blend()`] work in a fixed buffer.
pub const MAX_DIM: usize = 4096;

/// The header that every faiss index begins with, after its fourcc.
pub(in crate::retrieval) struct Header {
    pub dim: usize,
    pub len: u64,
    pub metric: Metric,
}

impl Header {
    pub fn read<R: Read + Seek>(
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
    pub fn values(&self) -> Result<u64, IndexFileError> {
        // `dim` is at most MAX_DIM, so only an absurd `len` can overflow.
        self.len
            .checked_mul(self.dim as u64)
            .ok_or(IndexFileError::Corrupt {
                what: "its number of vectors",
            })
    }
}
