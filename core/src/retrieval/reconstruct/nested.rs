//! Reading an index inside another one.

use super::parts::Reconstructed;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::Cursor;

/// Reads an index after its fourcc, with the expected dimension and the depth of nesting.
type ReadKind<R> = fn(&mut Cursor<R>, [u8; 4], Option<usize>, usize) -> Result<Reconstructed, IndexFileError>;

/// The reader for indices one level further in. Passed along, so that the files of single
/// kinds need not know the list of all kinds.
pub(super) struct Nested<R> {
    read_kind: ReadKind<R>,
    depth: usize,
}

impl<R: std::io::Read + std::io::Seek> Nested<R> {
    /// For indices at `depth`.
    pub fn new(read_kind: ReadKind<R>, depth: usize) -> Self {
        Self { read_kind, depth }
    }

    /// Reads an index from its fourcc on.
    pub fn read(
        &self,
        cursor: &mut Cursor<R>,
        expected_dim: Option<usize>,
    ) -> Result<Reconstructed, IndexFileError> {
        let fourcc = cursor.fourcc()?;
        self.read_kind(cursor, fourcc, expected_dim)
    }

    /// Reads an index after its fourcc.
    pub fn read_kind(
        &self,
        cursor: &mut Cursor<R>,
        fourcc: [u8; 4],
        expected_dim: Option<usize>,
    ) -> Result<Reconstructed, IndexFileError> {
        (self.read_kind)(cursor, fourcc, expected_dim, self.depth)
    }
}
