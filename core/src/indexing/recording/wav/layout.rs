//! Where the format and the sound lie in a file.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::chunks::{Chunk, Chunks, Dialect};
use super::format::Format;
use crate::indexing::recording::error::Fault;
use crate::indexing::recording::file_kind::W64_RIFF;

/// What is known of a file before its sound is read.
#[derive(Debug)]
pub(super) struct Layout {
    pub format: Format,
    /// Bytes of the file that hold sound, in order.
    pub data: Vec<Range<u64>>,
    /// Number of frames, where a `fact` chunk states it.
    pub frames: Option<u64>,
    pub is_big_endian: bool,
}

impl Layout {
    pub(super) fn read(file: &mut (impl Read + Seek + ?Sized)) -> Result<Self, Fault> {
        let mut head = [0; 40];
        let end = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let available = usize::try_from(end.min(40)).unwrap_or(0);
        file.read_exact(&mut head[..available])?;
        let (dialect, first_chunk) = if head.starts_with(&W64_RIFF) {
            (Dialect::Wave64, 40)
        } else {
            let is_big_endian = head.starts_with(b"RIFX");
            (Dialect::Riff { is_big_endian }, 12)
        };
        let is_big_endian = dialect == Dialect::Riff { is_big_endian: true };
        let mut found = Found::default();
        let mut chunks = Chunks::new(file, dialect, first_chunk)?;
        while let Some(chunk) = chunks.next()? {
            if !found.take(&chunk, &mut chunks, is_big_endian)? {
                break;
            }
        }
        let Some(format) = found.format else {
            return Err(Fault::NotSound("it has no format chunk".into()));
        };
        Ok(Self {
            format,
            data: found.data,
            frames: found.frames,
            is_big_endian,
        })
    }
}

#[derive(Default)]
struct Found {
    format: Option<Format>,
    data: Vec<Range<u64>>,
    frames: Option<u64>,
    /// Length of the data chunk in RF64 files, whose own header cannot hold it.
    data_len_64: Option<u64>,
}

impl Found {
    /// Notes what a chunk says and goes behind it; false if what follows is not of this recording.
    fn take<F: Read + Seek + ?Sized>(
        &mut self,
        chunk: &Chunk,
        chunks: &mut Chunks<'_, F>,
        is_big_endian: bool,
    ) -> Result<bool, Fault> {
        match &chunk.name {
            b"fmt " => {
                let format = Format::parse(&chunks.body(chunk, 1024)?, is_big_endian)?;
                if self.format.as_ref().is_some_and(|first| *first != format) {
                    return Ok(false);
                }
                self.format = Some(format);
            }
            b"ds64" => {
                let body = chunks.body(chunk, 28)?;
                let len = body.get(8..).and_then(|body| body.first_chunk());
                self.data_len_64 = len.map(|len| u64::from_le_bytes(*len)).filter(|&len| len > 0);
            }
            b"fact" => {
                let body = chunks.body(chunk, 4)?;
                let frames = body.first_chunk().map(|frames| {
                    if is_big_endian {
                        u32::from_be_bytes(*frames)
                    } else {
                        u32::from_le_bytes(*frames)
                    }
                });
                self.frames = frames.filter(|&frames| frames > 0).map(u64::from);
            }
            b"data" => {
                let len = self.data_len(chunk, chunks)?;
                self.data.push(chunk.start..chunk.start + len);
                chunks.skip(len)?;
                return Ok(true);
            }
            // A second file appended to the first: its header is 4 bytes longer than a chunk's.
            b"RIFF" | b"RIFX" => {
                chunks.enter(4);
                return Ok(true);
            }
            b"LIST" if chunks.body(chunk, 4)? == b"wavl" => {
                chunks.enter(4);
                return Ok(true);
            }
            _ => {}
        }
        let Some(len) = chunk.stated_len else {
            return Ok(false);
        };
        chunks.skip(len)?;
        Ok(true)
    }

    /// Length of a data chunk's body: what is said, as far as the file has it. Sizes of zero, and the largest ones,
    /// are left by recorders that could not go back and fill them in.
    fn data_len<F: Read + Seek + ?Sized>(
        &mut self,
        chunk: &Chunk,
        chunks: &mut Chunks<'_, F>,
    ) -> Result<u64, Fault> {
        let available = chunks.end().saturating_sub(chunk.start);
        let stated = match chunk.stated_len {
            None => self.data_len_64.take(),
            Some(0) if chunks.is_chunk_at(chunk.start)? => Some(0),
            Some(0) => None,
            stated => stated,
        };
        Ok(stated.map_or(available, |len| len.min(available)))
    }
}
