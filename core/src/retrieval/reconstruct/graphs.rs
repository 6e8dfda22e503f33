//! Graphs (HNSW, NSG, NNDescent): only their storage is used.

use std::io::{Read, Seek};

use super::nested::Nested;
use super::parts::{Reconstructed, corrupt};
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, Header};

/// Reads the storage of a graph after the graph's fourcc and header. The graph itself is
/// passed over: to search it, every edge would have to be believed.
pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    fourcc: [u8; 4],
    header: &Header,
    nested: &Nested<R>,
) -> Result<Reconstructed, IndexFileError> {
    let name = match &fourcc {
        b"INNf" => {
            nn_descent(cursor)?;
            "NNDescent"
        }
        b"INSf" | b"INSp" | b"INSs" => {
            nsg(cursor, header)?;
            "NSG"
        }
        _ => {
            match &fourcc {
                b"IHNc" => cursor.skip(2 + 4)?, // settings of graphs made by cuVS
                b"IHc2" => cursor.skip(2 + 4 + 4)?,
                _ => {}
            }
            hnsw(cursor)?;
            "HNSW"
        }
    };
    let storage = nested.read(cursor, Some(header.dim))?;
    if storage.vectors.len() as u64 != header.len || storage.ids.is_some() || storage.metric != header.metric
    {
        return Err(corrupt("its parts are of different indices"));
    }
    Ok(Reconstructed {
        kind: match storage.kind.as_str() {
            "flat" => name.to_string(),
            other => format!("{name} with {other}"),
        },
        ..storage
    })
}

fn hnsw<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<(), IndexFileError> {
    // Probabilities, neighbours per level, levels, offsets, neighbours.
    for size in [8, 4, 4, 8, 4] {
        cursor.skip_counted(size)?;
    }
    cursor.skip(4 * 5) // entry point, highest level, sizes of candidate lists
}

fn nsg<R: Read + Seek>(cursor: &mut Cursor<R>, header: &Header) -> Result<(), IndexFileError> {
    cursor.skip(4 + 1 + 4 * 4)?; // how it was built
    cursor.skip(4 * 6)?; // sizes, entry point
    match cursor.u8()? {
        0 => return Ok(()),
        1 => {}
        _ => return Err(corrupt("its graph")),
    }
    // Of each vector the neighbours, and -1 behind them.
    cursor.need(header.len, 4)?;
    for _ in 0..header.len {
        while cursor.i32()? != -1 {}
    }
    Ok(())
}

fn nn_descent<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<(), IndexFileError> {
    cursor.skip(4 * 9 + 1)?; // sizes and settings
    cursor.skip_counted(4)
}
