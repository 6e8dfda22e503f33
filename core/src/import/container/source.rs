//! A file, or a file in memory, whose length is checked before anything is
//! allocated.

use super::super::error::ReadError;
use rawzip::ReaderAt;

/// A source of bytes with a known length.
pub struct Source {
    reader: Box<dyn ReaderAt + Send + Sync>,
    len: u64,
}

impl Source {
    pub fn new(reader: impl ReaderAt + Send + Sync + 'static, len: u64) -> Self {
        Self {
            reader: Box::new(reader),
            len,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The underlying reader.
    pub fn reader(&self) -> &(dyn ReaderAt + Send + Sync) {
        &*self.reader
    }

    /// Reads `len` bytes from `start`; `what` names them in the error.
    pub fn read(&self, start: u64, len: u64, what: &str) -> Result<Vec<u8>, ReadError> {
        let cut = || ReadError::truncated(format!("`{what}`"));
        let end = start.checked_add(len).filter(|&end| end <= self.len);
        end.ok_or_else(cut)?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| cut())?];
        match self.reader.read_exact_at(&mut bytes, start) {
            Ok(()) => Ok(bytes),
            // The file became shorter while it was read.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(cut()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads up to `len` bytes from `start`; fewer at the end of the file.
    pub fn read_up_to(&self, start: u64, len: u64, what: &str) -> Result<Vec<u8>, ReadError> {
        self.read(start, len.min(self.len.saturating_sub(start)), what)
    }
}
