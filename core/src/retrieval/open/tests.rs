//! Untrusted bytes: whatever is changed in a good file, the result is a
//! sentence or an index that can be searched; never a crash, never an
//! allocation that the file's size does not explain.

use std::path::Path;

use super::*;
use crate::frames::Frames;
use crate::retrieval::{Neighbours, SearchParams};

const FILES: [&str; 7] = [
    "pqfs_l2.index",
    "pqfs_ip.index",
    "ivf8_l2.index",
    "ivf8_ip.index",
    "flat_l2.index",
    "sparse_array_map.index",
    "sparse_hash_map.index",
];

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/retrieval")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn open_bytes(bytes: Vec<u8>) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    super::open_bytes(bytes, None)
}

/// Opens and, if that succeeds, uses every part of the index.
fn try_everything(bytes: Vec<u8>, what: &str) {
    let index = match open_bytes(bytes) {
        Ok(index) => index,
        Err(error) => {
            assert!(
                !matches!(error, IndexFileError::Backend(_)),
                "{what}: left to faiss: {error}"
            );
            assert!(error.to_string().len() > 20, "{what}: {error}");
            return;
        }
    };
    let queries = Frames::from_data(index.dim(), vec![0.5; index.dim() * 2]);
    let mut found = Neighbours::default();
    let params = SearchParams {
        n_probe: 100,
        ..SearchParams::default()
    };
    index.search(&queries, params, &mut found).expect(what);
    let mut vector = vec![0.0; index.dim()];
    for &id in &found.ids {
        assert_eq!(index.vector(id, &mut vector), id >= 0, "{what}: id {id}");
    }
}

/// Where something else than vectors may stand: all but the vectors themselves.
fn structure(bytes: &[u8]) -> Vec<usize> {
    let find = |name: &[u8; 4]| bytes.windows(4).rposition(|window| window == name);
    let lists = find(b"full").or(find(b"sprs")).map_or(64, |at| at + 200);
    let blocks = find(b"ilbl").map_or(0..0, |at| at.saturating_sub(100)..at + 3000);
    // The vectors of a re-ranking, and what stands before and behind them.
    let exact = if bytes.starts_with(b"IxRF") {
        let at = find(b"IxF2").or(find(b"IxFI")).expect("an exact index");
        at.saturating_sub(20)..at + 60
    } else {
        0..0
    };
    let end = bytes.len().saturating_sub(12)..bytes.len();
    let mut places: Vec<usize> = (0..lists).chain(blocks).chain(exact).chain(end).collect();
    places.retain(|&at| at < bytes.len());
    places.sort_unstable();
    places.dedup();
    places
}

#[test]
fn every_byte_changed() {
    for name in FILES {
        let good = bytes(name);
        for at in structure(&good) {
            for change in [0x01, 0x02, 0x10, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= change;
                try_everything(bad, &format!("{name}, byte {at} ^ {change:#x}"));
            }
        }
    }
}

#[test]
fn every_word_made_extreme() {
    let words = [
        0,
        1,
        2,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 32,
        1 << 39,
        1 << 40,
        1 << 61,
        1 << 63,
        u64::MAX - 7,
        u64::MAX,
    ];
    for name in FILES {
        let good = bytes(name);
        for at in structure(&good).into_iter().filter(|at| at + 8 <= good.len()) {
            for word in words {
                let mut bad = good.clone();
                bad[at..at + 8].copy_from_slice(&word.to_le_bytes());
                try_everything(bad, &format!("{name}, {word:#x} at {at}"));
            }
        }
    }
}

#[test]
fn cut_at_every_byte() {
    for name in FILES {
        let good = bytes(name);
        for len in 0..good.len() {
            let error = match open_bytes(good[..len].to_vec()) {
                Ok(_) => panic!("{name} opened with {len} bytes"),
                Err(error) => error,
            };
            let fits = if len < 4 {
                matches!(error, IndexFileError::NotAnIndex { .. })
            } else {
                matches!(error, IndexFileError::Truncated { found, .. } if found == len as u64)
            };
            assert!(fits, "{name} at {len}: {error}");
        }
    }
}

#[test]
fn bytes_behind_the_end() {
    for name in FILES {
        let mut long = bytes(name);
        long.push(0);
        assert!(
            matches!(open_bytes(long), Err(IndexFileError::Corrupt { .. })),
            "{name}"
        );
    }
}

#[test]
fn values_that_are_no_numbers() {
    for name in FILES {
        let good = bytes(name);
        for at in floats(&good) {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut bad = good.clone();
                bad[at..at + 4].copy_from_slice(&value.to_le_bytes());
                assert!(
                    matches!(open_bytes(bad), Err(IndexFileError::NonFinite)),
                    "{name} at {at}"
                );
            }
        }
    }
}

/// Where the first centroid and the first vector begin.
fn floats(file: &[u8]) -> Vec<usize> {
    const HEADER: usize = 37;
    let first = HEADER + 8;
    if file.starts_with(b"IxRF") {
        // A centroid, a code book, a vector of the re-ranking.
        let last = file.len() - 4 - 201 * 16 * 4;
        let lists = file
            .windows(4)
            .position(|window| window == b"ilbl")
            .expect("lists");
        return vec![2 * HEADER + 16 + first, lists - 4, last];
    }
    if !file.starts_with(b"IwFl") {
        return vec![first];
    }
    let sizes = file
        .windows(4)
        .position(|window| window == b"full" || window == b"sprs")
        .expect("sizes")
        + 4;
    let count = usize::from(file[sizes]);
    vec![HEADER + 16 + first, sizes + 8 + count * 8]
}

#[test]
fn an_id_given_twice_is_an_id_of_its_own() {
    let mut twice = bytes("ivf8_l2.index");
    let last = twice.len() - 8;
    twice.copy_within(last - 8..last, last);
    let index = open_bytes(twice).expect("converted");
    assert_eq!(index.len(), 201);
    assert!(index.conversion().is_some_and(|conversion| conversion.renumbered));
}

#[test]
fn a_declared_size_beyond_the_limits() {
    let mut wide = bytes("flat_l2.index");
    wide[4..8].copy_from_slice(&100_000_i32.to_le_bytes());
    let error = open_bytes(wide).err().expect("refused").to_string();
    assert!(
        error.contains("a dimension of 100000, more than the 4096"),
        "{error}"
    );

    let error = load(Cursor::new(bytes("flat_l2.index")), 1 << 40, None)
        .err()
        .expect("refused");
    assert!(matches!(error, IndexFileError::TooLarge { .. }));
}

#[test]
fn no_vectors_at_all() {
    // A flat index of faiss without vectors: a header and a count.
    let mut empty = bytes("flat_l2.index")[..45].to_vec();
    empty[8..16].fill(0);
    empty[37..45].fill(0);
    assert!(matches!(open_bytes(empty), Err(IndexFileError::Empty)));
}
