//! One index of a file, whatever kind it is; indices nest.

use std::io::{Read, Seek};

use super::codec::{Codec, Entry, Packing, decode};
use super::nested::Nested;
use super::parts::{Reconstructed, corrupt, unsupported, zeros};
use super::product::ProductQuantizer;
use super::scalar::ScalarQuantizer;
use super::{graphs, inverted, wrapped};
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{Cursor, Header, kind_name};

/// Indices in indices: more than any factory string makes.
const MAX_DEPTH: usize = 6;

/// Reads an index from its fourcc on.
pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    expected_dim: Option<usize>,
    depth: usize,
) -> Result<Reconstructed, IndexFileError> {
    let fourcc = cursor.fourcc()?;
    read_kind(cursor, fourcc, expected_dim, depth)
}

/// Reads an index after its fourcc.
pub(super) fn read_kind<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    fourcc: [u8; 4],
    expected_dim: Option<usize>,
    depth: usize,
) -> Result<Reconstructed, IndexFileError> {
    if depth > MAX_DEPTH {
        return Err(corrupt("its indices nest too deeply"));
    }
    let header = match &fourcc {
        b"null" => return Err(unsupported("an index without its vectors")),
        b"IxF2" | b"IxFI" | b"IxFl" | b"IxPQ" | b"IxPo" | b"IxPq" | b"IPfs" | b"IxSQ" | b"IwFl" | b"IwFd"
        | b"IwPQ" | b"IwQR" | b"IwSQ" | b"IwSq" | b"IwPf" | b"IwIQ" | b"IxPT" | b"IxRF" | b"IxMp"
        | b"IxM2" | b"IHNf" | b"IHNp" | b"IHNs" | b"IHNc" | b"IHc2" | b"INSf" | b"INSp" | b"INSs"
        | b"INNf" => Header::read(cursor, expected_dim)?,
        other => {
            let known = kind_name(*other);
            return Err(known.map_or(corrupt("the kind of an index in it"), unsupported));
        }
    };
    let nested = Nested::new(read_kind::<R>, depth + 1);
    match &fourcc {
        b"IxF2" | b"IxFI" | b"IxFl" => flat(cursor, &header),
        b"IxPQ" | b"IxPo" | b"IxPq" => product(cursor, &header, &fourcc != b"IxPQ"),
        b"IPfs" => fast_scan(cursor, &header),
        b"IxSQ" => scalar(cursor, &header),
        b"IxPT" => wrapped::pre_transform(cursor, &header, &nested),
        b"IxRF" => wrapped::refine(cursor, &header, &nested),
        b"IxMp" | b"IxM2" => wrapped::id_map(cursor, &header, &nested),
        b"IwIQ" => wrapped::independent_quantizer(cursor, &header, &nested),
        [b'I', b'w', ..] => inverted::read(cursor, fourcc, &header, &nested),
        _ => graphs::read(cursor, fourcc, &header, &nested),
    }
}

fn flat<R: Read + Seek>(cursor: &mut Cursor<R>, header: &Header) -> Result<Reconstructed, IndexFileError> {
    let values = header.values()?;
    if cursor.u64()? != values {
        return Err(corrupt("its vector count"));
    }
    Ok(Reconstructed {
        metric: header.metric,
        vectors: cursor.finite_rows(header.dim, values)?,
        ids: None,
        lists: None,
        kind: "flat".into(),
        losses: Vec::new(),
        unit_length: false,
    })
}

fn product<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    search_settings: bool,
) -> Result<Reconstructed, IndexFileError> {
    let codec = Codec::Product(ProductQuantizer::read(cursor, header.dim)?);
    let read = codes(cursor, header, &Packing::plain(codec))?;
    if search_settings {
        cursor.skip(9)?; // how faiss would search
    }
    Ok(read)
}

fn scalar<R: Read + Seek>(cursor: &mut Cursor<R>, header: &Header) -> Result<Reconstructed, IndexFileError> {
    let codec = Codec::Scalar(ScalarQuantizer::read(cursor, header.dim)?);
    codes(cursor, header, &Packing::plain(codec))
}

fn fast_scan<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
) -> Result<Reconstructed, IndexFileError> {
    let quantizer = ProductQuantizer::read(cursor, header.dim)?;
    cursor.skip(4)?; // how faiss would search
    let block = cursor.i32()?;
    cursor.skip(4)?;
    let padded_len = cursor.u64()?;
    let padded_pieces = cursor.u64()?;
    let packing = Packing::fast_scan(quantizer, i64::from(block), padded_pieces)?;
    if Some(padded_len) != header.len.checked_next_multiple_of(32) {
        return Err(corrupt("its number of codes"));
    }
    codes(cursor, header, &packing)
}

/// Codes of all vectors in the order of their ids.
fn codes<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    header: &Header,
    packing: &Packing,
) -> Result<Reconstructed, IndexFileError> {
    let bytes = cursor.u64()?;
    if packing.bytes_of(header.len) != Some(bytes) {
        return Err(corrupt("the size of its codes"));
    }
    let codes_at = cursor.position();
    cursor.skip(bytes)?;
    let end = cursor.position();
    let mut vectors = zeros(header.dim, header.len)?;
    let entry = Entry {
        list: 0,
        len: vectors.len(),
        codes_at,
    };
    let rows: Vec<u32> = (0..u32::try_from(vectors.len()).unwrap_or(0)).collect();
    decode(cursor, packing, &[entry], &rows, None, &mut vectors)?;
    cursor.go_to(end)?;
    Ok(Reconstructed {
        metric: header.metric,
        vectors,
        ids: None,
        lists: None,
        kind: packing.codec.words(),
        losses: packing.codec.loss().into_iter().collect(),
        unit_length: false,
    })
}
