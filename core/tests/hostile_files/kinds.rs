//! Ten thousand damaged files of each kind of index that is converted when it is opened.

use std::fs;
use std::sync::atomic::Ordering::Relaxed;

use voxmeld_core::retrieval::open_bytes;

use super::damage::{Random, damage};
use super::{LARGEST, ONE_AT_A_TIME, data, search_everything};

/// Damaged files of each kind.
const EACH: u64 = 10_000;

/// Kinds, by the beginnings of their files' names.
const KINDS: [&[&str]; 16] = [
    &["ivf_hnsw", "ivf_of_ivf"],
    &["imi", "ivf_rcq"],
    &["ivf_pq.", "ivf_pq_", "ivf_pq8"],
    &["ivf_pqfs"],
    &["ivf_sq"],
    &["pq"],
    &["sq"],
    &["opq"],
    &["pca"],
    &["rotation", "padded", "centred"],
    &["l2norm"],
    &["hnsw"],
    &["refined"],
    &["id_map", "ivf_own_ids"],
    &["nsg", "nn_descent"],
    &["ivf_pqr", "ivf_dedup", "independent_lists"],
];

#[test]
fn ten_thousand_damaged_files_of_each_kind_are_rejected_or_searchable() {
    let _alone = ONE_AT_A_TIME.lock();
    LARGEST.store(0, Relaxed);
    let mut names: Vec<String> = fs::read_dir(data("kinds"))
        .expect("tests/data/retrieval/kinds")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name.ends_with(".index"))
        .collect();
    names.sort();
    let files: Vec<Vec<u8>> = names
        .iter()
        .map(|name| fs::read(data("kinds").join(name)).expect("read"))
        .collect();
    let of_kind = |kind: &[&str]| -> Vec<&Vec<u8>> {
        let named = names.iter().zip(&files);
        let some = named.filter(|(name, _)| kind.iter().any(|start| name.starts_with(start)));
        some.map(|(_, bytes)| bytes).collect()
    };
    assert_eq!(
        KINDS.iter().map(|kind| of_kind(kind).len()).sum::<usize>(),
        56,
        "{names:?}"
    );
    for kind in KINDS {
        let opened = damaged(&of_kind(kind), &files);
        // Damage to a value cannot be detected, damage to the structure has to be.
        assert!((300..8500).contains(&opened), "{kind:?}: {opened} opened");
    }
    assert_eq!(damaged(&of_kind(&["unsupported"]), &files), 0);
    // Codes are smaller than their vectors, but no file of a few kB has a thousand vectors.
    let largest = LARGEST.load(Relaxed);
    assert!(largest < 8 << 20, "{largest} bytes at once");
}

/// Damages files in many ways, and counts how many still open.
fn damaged(good: &[&Vec<u8>], others: &[Vec<u8>]) -> usize {
    let mut opened = 0;
    for seed in 0..EACH {
        let mut random = Random(seed);
        let mut bytes = good[random.below(good.len())].clone();
        for _ in 0..=random.below(3) {
            damage(&mut bytes, others, &mut random);
        }
        opened += usize::from(search_everything(open_bytes(bytes, None), seed));
    }
    opened
}
