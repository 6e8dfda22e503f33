//! Several stretches of a file as one.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

/// The bytes of `ranges`, one after the other.
pub(super) struct Ranges {
    file: Box<dyn MediaSource>,
    ranges: Vec<Range<u64>>,
    len: u64,
    position: u64,
}

impl Ranges {
    pub(super) fn new(file: Box<dyn MediaSource>, ranges: Vec<Range<u64>>) -> Self {
        let len = ranges.iter().map(|range| range.end - range.start).sum();
        Self {
            file,
            ranges,
            len,
            position: 0,
        }
    }

    /// Where in the file the position is, and how much follows there without a gap.
    fn place(&self) -> Option<(u64, u64)> {
        let mut before = 0;
        for range in &self.ranges {
            let len = range.end - range.start;
            let inside = self.position - before;
            if inside < len {
                return Some((range.start + inside, len - inside));
            }
            before += len;
        }
        None
    }
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((at, left)) = self.place() else {
            return Ok(0);
        };
        self.file.seek(SeekFrom::Start(at))?;
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(&mut buffer[..count])?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before_start = || io::Error::new(io::ErrorKind::InvalidInput, "a position before the start");
        self.position = position.ok_or_else(before_start)?;
        Ok(self.position)
    }
}

impl MediaSource for Ranges {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}
