//! Reads primitive values and never past what the file holds.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::retrieval::error::IndexFileError;
use crate::retrieval::rows::Rows;

/// Bytes converted at a time when floats or ids are walked.
const CHUNK: usize = 1 << 16;
/// Bytes read ahead: little, because most of a file is passed over.
const AHEAD: usize = 1 << 12;

/// A position in a file of known length.
pub(in crate::retrieval) struct Cursor<R> {
    inner: BufReader<R>,
    position: u64,
    len: u64,
}

impl<R: Read + Seek> Cursor<R> {
    /// At the start of `inner`, which is `len` bytes long.
    pub fn new(inner: R, len: u64) -> Self {
        Self {
            inner: BufReader::with_capacity(AHEAD, inner),
            position: 0,
            len,
        }
    }

    /// Bytes read or passed over so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Fails unless `count` more elements of `size` bytes are there. Called
    /// before anything of that size is allocated or read.
    pub fn need(&self, count: u64, size: u64) -> Result<u64, IndexFileError> {
        let promised = count
            .checked_mul(size)
            .and_then(|bytes| bytes.checked_add(self.position));
        match promised {
            Some(promised) if promised <= self.len => Ok(promised - self.position),
            Some(promised) => Err(IndexFileError::Truncated {
                promised,
                found: self.len,
            }),
            None => Err(IndexFileError::Corrupt {
                what: "a size that no file can have",
            }),
        }
    }

    /// Fails unless everything was read.
    pub fn end(&self) -> Result<(), IndexFileError> {
        if self.position == self.len {
            return Ok(());
        }
        Err(IndexFileError::Corrupt {
            what: "it goes on after its end",
        })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], IndexFileError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), IndexFileError> {
        let count = bytes.len() as u64;
        self.need(count, 1)?;
        self.inner.read_exact(bytes)?;
        self.position += count;
        Ok(())
    }

    /// Passes over `bytes` bytes.
    pub fn skip(&mut self, bytes: u64) -> Result<(), IndexFileError> {
        self.need(bytes, 1)?;
        self.position += bytes;
        self.inner.seek(SeekFrom::Start(self.position))?;
        Ok(())
    }

    /// Goes to `position`, which lies inside the file.
    pub fn go_to(&mut self, position: u64) -> Result<(), IndexFileError> {
        self.position = position;
        self.inner.seek(SeekFrom::Start(position))?;
        Ok(())
    }

    /// Fills `bytes`.
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<(), IndexFileError> {
        self.fill(bytes)
    }

    /// Passes over a count and as many elements of `size` bytes.
    pub fn skip_counted(&mut self, size: u64) -> Result<(), IndexFileError> {
        let count = self.u64()?;
        let bytes = self.need(count, size)?;
        self.skip(bytes)
    }

    /// A count, and as many floats, all of them finite.
    pub fn counted_floats(&mut self) -> Result<Vec<f32>, IndexFileError> {
        let count = self.u64()?;
        self.need(count, 4)?;
        let mut values = Vec::new();
        self.each(count, |bytes| {
            values.push(finite(bytes)?);
            Ok(())
        })?;
        Ok(values)
    }

    /// A count, and as many signed numbers of 64 bits.
    pub fn counted_i64s(&mut self) -> Result<Vec<i64>, IndexFileError> {
        let count = self.u64()?;
        let values = self.u64s(count)?;
        Ok(values.into_iter().map(u64::cast_signed).collect())
    }

    /// Four letters that name what follows.
    pub fn fourcc(&mut self) -> Result<[u8; 4], IndexFileError> {
        self.take()
    }

    pub fn u8(&mut self) -> Result<u8, IndexFileError> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub fn i32(&mut self) -> Result<i32, IndexFileError> {
        self.take().map(i32::from_le_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, IndexFileError> {
        self.take().map(i64::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, IndexFileError> {
        self.take().map(u64::from_le_bytes)
    }

    pub fn f32(&mut self) -> Result<f32, IndexFileError> {
        self.take().map(f32::from_le_bytes)
    }

    /// `count` sizes or pairs of words.
    pub fn u64s(&mut self, count: u64) -> Result<Vec<u64>, IndexFileError> {
        self.need(count, 8)?;
        let mut values = Vec::new();
        self.each(count, |bytes: [u8; 8]| {
            values.push(u64::from_le_bytes(bytes));
            Ok(())
        })?;
        Ok(values)
    }

    /// Reads vectors of `dim` values, `count` values in all, all of them finite.
    pub fn finite_rows(&mut self, dim: usize, count: u64) -> Result<Rows, IndexFileError> {
        /// Bytes taken at once.
        const SOME: usize = 64;
        self.need(count, 4)?;
        let mut rows = Rows::with_room_for(dim, usize::try_from(count).unwrap_or(0));
        self.each(count * 4 / SOME as u64, |bytes: [u8; SOME]| {
            let mut values = [0.0; SOME / 4];
            for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                *value = finite(*bytes)?;
            }
            rows.extend(&values);
            Ok(())
        })?;
        self.each(count % (SOME as u64 / 4), |bytes| {
            rows.extend(&[finite(bytes)?]);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Passes over `count` floats, all of them finite.
    pub fn skip_finite_floats(&mut self, count: u64) -> Result<(), IndexFileError> {
        self.each(count, |bytes| finite(bytes).map(drop))
    }

    /// Calls `on` with each of `count` elements of `N` bytes.
    pub fn each<const N: usize>(
        &mut self,
        count: u64,
        mut on: impl FnMut([u8; N]) -> Result<(), IndexFileError>,
    ) -> Result<(), IndexFileError> {
        let mut left = self.need(count, N as u64)?;
        let mut buffer = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
        while left > 0 {
            // CHUNK is a multiple of every N in use, so no element is split.
            let step = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            self.fill(&mut buffer[..step])?;
            for element in buffer[..step].as_chunks::<N>().0 {
                on(*element)?;
            }
            left -= step as u64;
        }
        Ok(())
    }
}

fn finite(bytes: [u8; 4]) -> Result<f32, IndexFileError> {
    let value = f32::from_le_bytes(bytes);
    if value.is_finite() {
        Ok(value)
    } else {
        Err(IndexFileError::NonFinite)
    }
}
