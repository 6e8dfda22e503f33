//! An IVF-Flat index of given lists.
//!
//! faiss's C interface cannot put vectors into chosen lists. So the index is written in
//! faiss's own format, piece by piece, into faiss's reader; nothing is read off a file.

use std::io::{self, Read};

use super::IvfIndex;
use super::handle::Handle;
use super::openmp::OneThread;
use super::stream;
use crate::retrieval::Metric;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::rows::Rows;

/// Vectors, all finite, and their lists.
pub(in crate::retrieval) struct Filed {
    /// The vectors; ids are row numbers.
    pub vectors: Rows,
    /// One centroid per list.
    pub centroids: Rows,
    /// The list of each vector; all below the number of centroids.
    pub list_of_row: Vec<u32>,
    /// How vectors are compared.
    pub metric: Metric,
}

impl IvfIndex {
    /// Puts vectors into their lists.
    ///
    /// # Errors
    /// [`IndexFileError::Backend`].
    pub(in crate::retrieval) fn of_lists(filed: Filed) -> Result<Self, IndexFileError> {
        let _bounded = OneThread::here();
        let raw = stream::read_from(Box::new(Pieces::of(filed)))?;
        Handle::new(raw)
            .and_then(Self::from_handle)
            .map_err(IndexFileError::Backend)
    }
}

/// Bytes that are made when they are wanted.
struct Pieces<I> {
    rest: I,
    piece: Vec<u8>,
    given: usize,
}

impl Pieces<Box<dyn Iterator<Item = Vec<u8>>>> {
    fn of(filed: Filed) -> Self {
        let lists = filed.centroids.len();
        let mut rows_of_list = vec![Vec::new(); lists];
        for (row, &list) in filed.list_of_row.iter().enumerate() {
            rows_of_list[list as usize].push(row);
        }
        let piece = head(&filed, &rows_of_list);
        let vectors = filed.vectors;
        let lists = rows_of_list.into_iter().map(move |rows| {
            let mut piece = Vec::with_capacity(rows.len() * (vectors.dim() * 4 + 8));
            rows.iter()
                .for_each(|&row| put_floats(&mut piece, vectors.row(row)));
            rows.iter().for_each(|&row| put_size(&mut piece, row));
            piece
        });
        Self {
            rest: Box::new(lists),
            piece,
            given: 0,
        }
    }
}

/// Everything before the lists' vectors; its layout is in [`crate::retrieval::format`].
fn head(filed: &Filed, rows_of_list: &[Vec<usize>]) -> Vec<u8> {
    let (dim, lists) = (filed.vectors.dim(), rows_of_list.len());
    let mut bytes = Vec::new();
    let header = |bytes: &mut Vec<u8>, fourcc: &[u8; 4], len: usize| {
        bytes.extend(fourcc);
        bytes.extend(u32::try_from(dim).unwrap_or(0).to_le_bytes());
        put_size(bytes, len);
        (0..2).for_each(|_| put_size(bytes, 1 << 20));
        bytes.push(1);
        let metric = match filed.metric {
            Metric::InnerProduct => 0_i32,
            Metric::L2 => 1,
        };
        bytes.extend(metric.to_le_bytes());
    };
    header(&mut bytes, b"IwFl", filed.vectors.len());
    put_size(&mut bytes, lists);
    put_size(&mut bytes, 1); // n_probe where a search does not say
    let flat = match filed.metric {
        Metric::InnerProduct => b"IxFI",
        Metric::L2 => b"IxF2",
    };
    header(&mut bytes, flat, lists);
    put_size(&mut bytes, lists * dim);
    put_floats(&mut bytes, filed.centroids.data());
    bytes.push(0); // no id map
    put_size(&mut bytes, 0);
    bytes.extend(b"ilar");
    put_size(&mut bytes, lists);
    put_size(&mut bytes, dim * 4);
    bytes.extend(b"full");
    put_size(&mut bytes, lists);
    rows_of_list
        .iter()
        .for_each(|rows| put_size(&mut bytes, rows.len()));
    bytes
}

fn put_size(bytes: &mut Vec<u8>, value: usize) {
    bytes.extend((value as u64).to_le_bytes());
}

fn put_floats(bytes: &mut Vec<u8>, values: &[f32]) {
    values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
}

impl<I: Iterator<Item = Vec<u8>>> Read for Pieces<I> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.given == self.piece.len() {
            let Some(next) = self.rest.next() else {
                return Ok(0);
            };
            self.piece = next;
            self.given = 0;
        }
        let count = target.len().min(self.piece.len() - self.given);
        target[..count].copy_from_slice(&self.piece[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
