//! The chunks of a RIFF or Wave64 file, walked leniently.

use std::io::{self, Read, Seek, SeekFrom};

/// Chunks looked at before the rest is given up.
const MAX_CHUNKS: usize = 100_000;

/// How chunk headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// 4 bytes of name, 4 of size, padded to even addresses.
    Riff {
        /// RIFX.
        is_big_endian: bool,
    },
    /// 16 bytes of GUID, 8 of size that includes the header, padded to multiples of 8.
    Wave64,
}

/// One chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Its name; of a Wave64 GUID the first four bytes, which are the same names.
    pub name: [u8; 4],
    /// What its header says of the length of its body; `None` for the marks of an unknown length.
    pub stated_len: Option<u64>,
    /// First byte of its body in the file.
    pub start: u64,
}

/// Names that begin a chunk in sound files.
const KNOWN: [&[u8; 4]; 24] = [
    b"fmt ", b"data", b"fact", b"LIST", b"JUNK", b"junk", b"bext", b"cue ", b"smpl", b"inst", b"PEAK",
    b"id3 ", b"ID3 ", b"iXML", b"_PMX", b"PAD ", b"FLLR", b"acid", b"plst", b"chna", b"axml", b"aXML",
    b"minf", b"RIFF",
];

/// Walks the chunks of a file.
pub(super) struct Chunks<'a, F: ?Sized> {
    file: &'a mut F,
    dialect: Dialect,
    next: u64,
    end: u64,
    left: usize,
}

impl<'a, F: Read + Seek + ?Sized> Chunks<'a, F> {
    /// Chunks from `start` to the end of the file, whatever the file says of its length.
    pub(super) fn new(file: &'a mut F, dialect: Dialect, start: u64) -> io::Result<Self> {
        let end = file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            dialect,
            next: start,
            end,
            left: MAX_CHUNKS,
        })
    }

    /// Length of the file.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The next chunk. The caller says with [`Self::skip`] where the one after it begins.
    pub(super) fn next(&mut self) -> io::Result<Option<Chunk>> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Ok(None);
        }
        let Some(chunk) = self.header_at(self.next)? else {
            return Ok(None);
        };
        self.next = chunk.start;
        Ok(Some(chunk))
    }

    /// Goes on behind a body that has this length and begins where the last chunk's does.
    pub(super) fn skip(&mut self, len: u64) -> io::Result<()> {
        let behind = self.next.saturating_add(len);
        self.next = match self.dialect {
            Dialect::Wave64 => behind.checked_next_multiple_of(8).unwrap_or(u64::MAX),
            Dialect::Riff { .. } if len.is_multiple_of(2) => behind,
            // Some programs leave out the padding byte of odd chunks.
            Dialect::Riff { .. } => {
                let padded = behind.saturating_add(1);
                if self.plausibility(behind)? > self.plausibility(padded)? {
                    behind
                } else {
                    padded
                }
            }
        };
        Ok(())
    }

    /// Goes on at the start of the last chunk's body plus `len`, as if a chunk began there.
    pub(super) fn enter(&mut self, len: u64) {
        self.next = self.next.saturating_add(len);
    }

    /// The first bytes of a chunk's body.
    pub(super) fn body(&mut self, chunk: &Chunk, most: u64) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.file.seek(SeekFrom::Start(chunk.start))?;
        let len = chunk.stated_len.unwrap_or(u64::MAX).min(most);
        self.file.take(len).read_to_end(&mut body)?;
        Ok(body)
    }

    /// True if another chunk seems to begin at this place.
    pub(super) fn is_chunk_at(&mut self, at: u64) -> io::Result<bool> {
        Ok(self.plausibility(at)? == 2)
    }

    /// How much a place looks like the start of a chunk: 2 a known name, 1 a possible one, or the end of the file.
    fn plausibility(&mut self, at: u64) -> io::Result<u8> {
        if at == self.end {
            return Ok(1);
        }
        let Some(chunk) = self.header_at(at)? else {
            return Ok(0);
        };
        let fits = chunk.stated_len.is_some_and(|len| len <= self.end - chunk.start);
        let is_data = &chunk.name == b"data";
        let is_known = KNOWN.contains(&&chunk.name);
        Ok(match (is_known && (fits || is_data), fits) {
            (true, _) => 2,
            (false, true) => 1,
            _ => 0,
        })
    }

    /// The header at a place; `None` if it cannot be one.
    fn header_at(&mut self, at: u64) -> io::Result<Option<Chunk>> {
        let header_len = match self.dialect {
            Dialect::Riff { .. } => 8,
            Dialect::Wave64 => 24,
        };
        if at > self.end || self.end - at < header_len {
            return Ok(None);
        }
        let mut header = [0; 24];
        self.file.seek(SeekFrom::Start(at))?;
        self.file
            .read_exact(&mut header[..usize::try_from(header_len).unwrap_or(8)])?;
        let [a, b, c, d, e, f, g, h, ..] = header;
        let name = [a, b, c, d];
        if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok(None);
        }
        let stated_len = match self.dialect {
            Dialect::Riff { is_big_endian } => {
                let size = [e, f, g, h];
                let size = if is_big_endian {
                    u32::from_be_bytes(size)
                } else {
                    u32::from_le_bytes(size)
                };
                (size != u32::MAX).then_some(size.into())
            }
            Dialect::Wave64 => {
                let (_, size) = header.split_at(16);
                let size = size.first_chunk().map_or(0, |size| u64::from_le_bytes(*size));
                // It counts its own 24 bytes.
                if size == 0 {
                    Some(0)
                } else {
                    size.checked_sub(24).filter(|&len| len < u64::MAX / 2)
                }
            }
        };
        Ok(Some(Chunk {
            name,
            stated_len,
            start: at + header_len,
        }))
    }
}
