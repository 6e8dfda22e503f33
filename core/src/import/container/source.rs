//! A file, or bytes like one, with a length that is checked before anything is
//! allocated.

use super::super::error::ReadError;
use rawzip::ReaderAt;

/// Something to read from, of known length.
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

    /// Its bytes in all.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// For readers of their own.
    pub fn reader(&self) -> &(dyn ReaderAt + Send + Sync) {
        &*self.reader
    }

    /// `len` bytes from `start`; `what` is in them, for the sentence.
    pub fn read(&self, start: u64, len: u64, what: &str) -> Result<Vec<u8>, ReadError> {
        let cut = || ReadError::truncated(format!("`{what}`"));
        let end = start.checked_add(len).filter(|&end| end <= self.len);
        end.ok_or_else(cut)?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| cut())?];
        match self.reader.read_exact_at(&mut bytes, start) {
            Ok(()) => Ok(bytes),
            // Became shorter while it was read.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(cut()),
            Err(error) => Err(error.into()),
        }
    }

    /// Up to `len` bytes from `start`, fewer at the end of the file.
    pub fn read_up_to(&self, start: u64, len: u64, what: &str) -> Result<Vec<u8>, ReadError> {
        self.read(start, len.min(self.len.saturating_sub(start)), what)
    }
}
