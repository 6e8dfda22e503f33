//! Inverted files of any coarse quantiser and any codec.

use std::io::{Read, Seek};

use super::arrange::rows_of;
use super::coarse::Coarse;
use super::codec::{Codec, Packing, decode};
use super::lists::{self, Lists};
use super::nested::Nested;
use super::parts::{InvertedLists, Reconstructed, corrupt, unsupported, zeros};
use super::product::ProductQuantizer;
use super::scalar::ScalarQuantizer;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, Header, direct_map};
use crate::retrieval::rows::Rows;

/// Reads an inverted file after its fourcc and header.
pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    fourcc: [u8; 4],
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    let n_list = cursor.u64()?;
    cursor.skip(8)?; // the n_probe that was saved with the index
    // Ids of lists are kept in 32 bits.
    if n_list == 0 || n_list > 1 << 40 {
        return Err(corrupt("its number of lists"));
    }
    let (coarse, name) = Coarse::read(cursor, header.dim, n_list, nested)?;
    direct_map(cursor)?;
    let (packing, by_residual) = packing(cursor, fourcc, header.dim)?;
    let twins = if &fourcc == b"IwFd" {
        cursor.counted_i64s()?
    } else {
        Vec::new()
    };
    let (pairs, rest) = twins.as_chunks::<2>();
    let stored = header.len.checked_sub(pairs.len() as u64);
    let stored = stored.filter(|_| rest.is_empty());
    let stored = stored.ok_or_else(|| corrupt("its list of equal vectors"))?;
    let mut lists = lists::read(cursor, n_list, stored, &packing)?;
    let twin_of = twin_places(&mut lists, pairs)?;
    let end = cursor.position();

    let (rows, ids) = rows_of(&lists.ids);
    let mut vectors = zeros(header.dim, lists.ids.len() as u64)?;
    let residual_of = by_residual.then_some(&coarse);
    decode(cursor, &packing, &lists.entries, &rows, residual_of, &mut vectors)?;
    for (n, &of) in (lists.ids.len() - twin_of.len()..).zip(&twin_of) {
        let twin = vectors.row(rows[of] as usize).to_vec();
        vectors.row_mut(rows[n] as usize).copy_from_slice(&twin);
    }
    cursor.go_to(end)?;
    let refined = if &fourcc == b"IwQR" {
        Some(refine(cursor, &mut vectors, ids.is_some())?)
    } else {
        None
    };
    let list_of_row = list_of_row(&lists, &rows, &twin_of);
    let centroids = coarse.into_rows(header.dim, vectors.len())?;
    Ok(Reconstructed {
        metric: header.metric,
        lists: list_of_row
            .zip(centroids)
            .map(|(list_of_row, centroids)| InvertedLists {
                centroids,
                list_of_row,
            }),
        vectors,
        ids,
        kind: match &packing.codec {
            Codec::Flat(_) => format!("{name},Flat"),
            other => format!("{name} with {}", other.words()),
        },
        losses: refined.or_else(|| packing.codec.loss()).into_iter().collect(),
        unit_length: false,
    })
}

/// The fields between id map and lists: what the codes are, and whether they are
/// differences from the centroids.
fn packing<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    fourcc: [u8; 4],
    dim: usize,
) -> Result<(Packing, bool), IndexFileError> {
    match &fourcc {
        b"IwFl" | b"IwFd" => Ok((Packing::plain(Codec::Flat(dim)), false)),
        b"IwPQ" | b"IwQR" => {
            let by_residual = flag(cursor)?;
            let code_size = cursor.u64()?;
            let quantizer = ProductQuantizer::read(cursor, dim)?;
            same_size(code_size, quantizer.code_size())?;
            Ok((Packing::plain(Codec::Product(quantizer)), by_residual))
        }
        b"IwSQ" | b"IwSq" => {
            let quantizer = ScalarQuantizer::read(cursor, dim)?;
            same_size(cursor.u64()?, quantizer.code_size())?;
            // Before it was a choice, codes were differences.
            let by_residual = &fourcc == b"IwSQ" || flag(cursor)?;
            Ok((Packing::plain(Codec::Scalar(quantizer)), by_residual))
        }
        b"IwPf" => {
            let by_residual = flag(cursor)?;
            let code_size = cursor.u64()?;
            let block = cursor.i32()?;
            let padded_pieces = cursor.u64()?;
            cursor.skip(12)?; // how faiss would search
            let quantizer = ProductQuantizer::read(cursor, dim)?;
            same_size(code_size, quantizer.code_size())?;
            let packing = Packing::fast_scan(quantizer, i64::from(block), padded_pieces)?;
            Ok((packing, by_residual))
        }
        _ => Err(unsupported("an IVF index with codes of another kind")),
    }
}

fn same_size(declared: u64, size: usize) -> Result<(), IndexFileError> {
    if declared == size as u64 {
        Ok(())
    } else {
        Err(corrupt("the size of its codes"))
    }
}

fn flag<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<bool, IndexFileError> {
    match cursor.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(corrupt("its residual flag")),
    }
}

/// Vectors that are stored once for several ids: appends the further ids, and gives the
/// place in the lists of each one's vector.
fn twin_places(lists: &mut Lists, pairs: &[[i64; 2]]) -> Result<Vec<usize>, IndexFileError> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let places: std::collections::HashMap<i64, usize> = lists.ids.iter().copied().zip(0..).collect();
    let twin_of: Option<Vec<usize>> = pairs
        .iter()
        .map(|[stored, _]| places.get(stored).copied())
        .collect();
    lists.ids.extend(pairs.iter().map(|[_, twin]| *twin));
    twin_of.ok_or_else(|| corrupt("its list of equal vectors"))
}

/// The list of each row; `None` if lists have numbers beyond 32 bits.
fn list_of_row(lists: &Lists, rows: &[u32], twin_of: &[usize]) -> Option<Vec<u32>> {
    let mut in_file = Vec::with_capacity(rows.len());
    for entry in &lists.entries {
        let list = u32::try_from(entry.list).ok()?;
        in_file.resize(in_file.len() + entry.len, list);
    }
    in_file.extend(twin_of.iter().map(|&of| in_file[of]).collect::<Vec<u32>>());
    let mut of_row = vec![0; rows.len()];
    for (&row, &list) in rows.iter().zip(&in_file) {
        of_row[row as usize] = list;
    }
    Some(of_row)
}

/// A second code of each vector (`IVF…,PQ8+8`): what the first one left over.
fn refine<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    vectors: &mut Rows,
    own_ids: bool,
) -> Result<String, IndexFileError> {
    if own_ids {
        return Err(unsupported(
            "an IVF index with refined PQ codes and ids of its own",
        ));
    }
    let quantizer = ProductQuantizer::read(cursor, vectors.dim())?;
    let mut code = vec![0; quantizer.code_size()];
    if cursor.u64()? != (code.len() * vectors.len()) as u64 {
        return Err(corrupt("the size of its codes"));
    }
    for row in 0..vectors.len() {
        cursor.read(&mut code)?;
        let vector = vectors.row_mut(row);
        quantizer.add_decoded(&code, vector);
        if vector.iter().any(|value| !value.is_finite()) {
            return Err(IndexFileError::NonFinite);
        }
    }
    cursor.skip(4)?; // candidates of a search
    Ok(format!("two PQ codes, the second of {} bytes", code.len()))
}
