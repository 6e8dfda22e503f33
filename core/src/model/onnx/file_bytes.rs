//! A model file's bytes, in memory that is returned to the system when dropped.
//!
//! The allocator keeps large blocks that a thread has freed, and every instance loads on a thread of its own: the file
//! would stay in memory once for each.

use memmap2::MmapMut;
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::ops::Deref;
use std::path::Path;

/// Bytes of a file, or made from them.
pub enum FileBytes {
    /// Unchanged from the file.
    Read(MmapMut),
    /// Changed, or of an empty file.
    Made(Vec<u8>),
}

impl FileBytes {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len())
            .map_err(|_| Error::new(ErrorKind::InvalidData, "it is too large"))?;
        if len == 0 {
            return Ok(Self::Made(Vec::new()));
        }
        let mut bytes = MmapMut::map_anon(len)?;
        file.read_exact(&mut bytes)?;
        Ok(Self::Read(bytes))
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}
