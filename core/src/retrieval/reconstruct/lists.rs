//! The inverted lists of a file: where their codes lie, and their ids.

use std::io::{Read, Seek};

use super::codec::{Entry, Packing};
use super::parts::{corrupt, unsupported};
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::Cursor;

/// All lists that are not empty.
pub(super) struct Lists {
    /// Their codes.
    pub entries: Vec<Entry>,
    /// Their ids, list after list.
    pub ids: Vec<i64>,
}

/// Reads the ids of `n_list` lists, which hold `len` vectors in all; codes are passed over.
pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    n_list: u64,
    len: u64,
    packing: &Packing,
) -> Result<Lists, IndexFileError> {
    let fourcc = cursor.fourcc()?;
    // Every vector has an id of 8 bytes.
    cursor.need(len, 8)?;
    let mut lists = Lists {
        entries: Vec::new(),
        ids: Vec::new(),
    };
    match &fourcc {
        b"ilar" => arrays(cursor, n_list, packing, &mut lists)?,
        b"ilbl" => blocks(cursor, n_list, packing, &mut lists)?,
        b"il00" | b"ilod" => {
            return Err(unsupported("an IVF index that keeps its vectors in another file"));
        }
        _ => return Err(corrupt("its inverted lists")),
    }
    if lists.ids.len() as u64 == len {
        Ok(lists)
    } else {
        Err(corrupt("its list sizes"))
    }
}

/// Arrays of codes and ids.
fn arrays<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    n_list: u64,
    packing: &Packing,
    lists: &mut Lists,
) -> Result<(), IndexFileError> {
    if cursor.u64()? != n_list || cursor.u64()? != packing.codec.code_size() as u64 {
        return Err(corrupt("its inverted lists"));
    }
    let form = cursor.fourcc()?;
    let count = cursor.u64()?;
    let values = cursor.u64s(count)?;
    let sizes: Vec<[u64; 2]> = match (&form, values.as_chunks()) {
        (b"full", _) if count == n_list => (0..).zip(values).map(|(list, size)| [list, size]).collect(),
        (b"sprs", (pairs, [])) => pairs.to_vec(),
        _ => return Err(corrupt("its list sizes")),
    };
    // faiss fills the lists in their order, and the last size of a list that is named twice
    // counts there; it never writes such a file.
    let ascending = sizes.is_sorted_by(|a, b| a[0] < b[0]);
    if !ascending || sizes.last().is_some_and(|last| last[0] >= n_list) {
        return Err(corrupt("its list sizes"));
    }
    for [list, size] in sizes.into_iter().filter(|[_, size]| *size > 0) {
        let bytes = packing.bytes_of(size).ok_or_else(|| corrupt("its list sizes"))?;
        let codes_at = cursor.position();
        cursor.skip(bytes)?;
        lists.push(cursor, list, size, codes_at)?;
    }
    Ok(())
}

/// Blocks of codes for fast scans.
fn blocks<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    n_list: u64,
    packing: &Packing,
    lists: &mut Lists,
) -> Result<(), IndexFileError> {
    let count = cursor.u64()?;
    // faiss writes "unknown" (all ones) for the size of a single code here.
    let (code_size, per_block, bytes) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    if (count, code_size, per_block, bytes) != (n_list, u64::MAX, 32, packing.block_bytes() as u64) {
        return Err(corrupt("its inverted lists"));
    }
    // Every list has two counts.
    cursor.need(n_list, 16)?;
    for list in 0..n_list {
        let size = cursor.u64()?;
        lists.push(cursor, list, size, 0)?;
        let bytes = cursor.u64()?;
        if packing.bytes_of(size) != Some(bytes) {
            return Err(corrupt("the size of its codes"));
        }
        let codes_at = cursor.position();
        if size > 0
            && let Some(entry) = lists.entries.last_mut()
        {
            entry.codes_at = codes_at;
        }
        cursor.skip(bytes)?;
    }
    Ok(())
}

impl Lists {
    /// Reads the ids of one list.
    fn push<R: Read + Seek>(
        &mut self,
        cursor: &mut Cursor<R>,
        list: u64,
        size: u64,
        codes_at: u64,
    ) -> Result<(), IndexFileError> {
        cursor.each(size, |bytes| {
            self.ids.push(i64::from_le_bytes(bytes));
            Ok(())
        })?;
        if let Some(len) = usize::try_from(size).ok().filter(|&len| len > 0) {
            self.entries.push(Entry { list, len, codes_at });
        }
        Ok(())
    }
}
