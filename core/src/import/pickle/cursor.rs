//! Reads a pickle's bytes in order.

use super::super::error::ReadError;

/// A pickle's bytes, and how many of them have been read.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Longest line (a name or a number), in bytes.
const MAX_LINE: usize = 1024;

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Number of bytes read so far.
    pub fn taken(&self) -> usize {
        self.at
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], ReadError> {
        let end = self.at.checked_add(len);
        let piece = end.and_then(|end| self.bytes.get(self.at..end));
        let piece = piece.ok_or_else(|| ReadError::truncated("its pickle"))?;
        self.at += len;
        Ok(piece)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let piece = self.take(N)?;
        Ok(piece.first_chunk::<N>().copied().unwrap_or([0; N]))
    }

    /// A length that is stored in this many bytes.
    pub fn length(&mut self, bytes: usize) -> Result<usize, ReadError> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        usize::try_from(u64::from_le_bytes(wide)).map_err(|_| ReadError::truncated("its pickle"))
    }

    /// A line, without its end.
    pub fn line(&mut self) -> Result<&'a str, ReadError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().take(MAX_LINE).position(|&byte| byte == b'\n');
        let line = self.take(end.ok_or_else(|| ReadError::truncated("a line of its pickle"))?)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| ReadError::damaged("a line of its pickle is not text"))
    }
}
