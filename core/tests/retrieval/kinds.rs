//! Every kind of index that faiss writes and Voxmeld converts when it opens it, against an
//! exact search of faiss among the vectors that faiss reconstructs from the same file
//! (`tests/python/make_faiss_kinds.py`).

use std::fs;

use ndarray::{Array2, ArrayD};
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{IndexFileError, Neighbours, open};

use super::{data, index, search};

const K: usize = 8;

/// Names of the files, without those that are not supported.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(data("kinds"))
        .expect("tests/data/retrieval/kinds")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter_map(|name| Some(name.strip_suffix(".index")?.to_string()))
        .filter(|name| !name.starts_with("unsupported"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 56, "{names:?}");
    names
}

struct Golden(ndarray_npy::NpzReader<fs::File>);

impl Golden {
    fn open() -> Self {
        let file = fs::File::open(data("kinds/golden.npz")).expect("golden.npz");
        Self(ndarray_npy::NpzReader::new(file).expect("an archive"))
    }

    fn rows(&mut self, name: &str) -> Frames {
        let array: Array2<f32> = self.0.by_name(name).expect(name);
        Frames::from_data(array.ncols(), array.iter().copied().collect())
    }

    fn ids(&mut self, name: &str) -> Vec<i64> {
        let array: ArrayD<i16> = self.0.by_name(name).expect(name);
        array.iter().map(|&id| i64::from(id)).collect()
    }
}

/// Neighbours at equal distances (vectors that are stored twice, equal codes) may change
/// places; all others may not.
fn same_neighbours(found: &Neighbours, ids: &[i64], distances: &Frames) -> Result<(), String> {
    for (ours, theirs) in found.distances.iter().zip(distances.data()) {
        if (ours - theirs).abs() > 2e-4 * theirs.abs().max(1.0) {
            return Err(format!("distance {ours}, not {theirs}"));
        }
    }
    for (frame, (ours, theirs)) in found.ids.chunks(K).zip(ids.chunks(K)).enumerate() {
        let theirs_at = distances.row(frame);
        for (n, id) in ours.iter().enumerate() {
            let tie = |other: usize| (theirs_at[other] - theirs_at[n]).abs() <= 1e-4 * theirs_at[n].abs();
            // The last place may go to any of several equals.
            let fits = (0..K).any(|other| theirs[other] == *id && tie(other)) || tie(K - 1);
            if !fits {
                return Err(format!("frame {frame}: {ours:?}, not {theirs:?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_kind_finds_what_faiss_finds_among_the_reconstructed_vectors() {
    let mut golden = Golden::open();
    let queries = golden.rows("queries.npy");
    let mut wrong = Vec::new();
    for name in names() {
        let index = match open(&data(&format!("kinds/{name}.index")), Some(16)) {
            Ok(index) => index,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let found = search(&*index, &queries, K, index.list_sizes().len());
        let ids = golden.ids(&format!("{name}_ids.npy"));
        let distances = golden.rows(&format!("{name}_distances.npy"));
        if let Err(what) = same_neighbours(&found, &ids, &distances) {
            wrong.push(format!("{name}: {what}"));
        }
        let reconstructed = golden.rows(&format!("{name}_every_7th.npy"));
        let mut vector = vec![0.0; index.dim()];
        for (id, theirs) in (0..).step_by(7).zip(reconstructed.rows()) {
            assert!(index.vector(id, &mut vector), "{name}: {id}");
            let off = vector
                .iter()
                .zip(theirs)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            if off > 2e-5 {
                wrong.push(format!("{name}, vector {id}: off by {off}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_says_that_and_how_it_was_converted() {
    for name in names() {
        let index = index(&format!("kinds/{name}.index"));
        let conversion = index
            .conversion()
            .unwrap_or_else(|| panic!("{name} is not converted"));
        assert_eq!(conversion.vectors, index.len());
        assert_eq!(conversion.to_ivf, index.list_sizes().len() > 1, "{name}");
        let sentence = conversion.to_string();
        assert!(
            sentence.contains("converted from") && sentence.contains("MB of memory"),
            "{sentence}"
        );
        let exact = [
            "centred",
            "hnsw",
            "hnsw_ip",
            "id_map",
            "id_map2",
            "imi",
            "ivf_dedup",
            "ivf_hnsw",
            "ivf_of_ivf",
            "ivf_own_ids",
            "l2norm",
            "nn_descent",
            "nsg",
            "opq_pqfs_refined",
            "refined_pq",
            "refined_pq_ip",
            "rotation",
            "rotation_larger",
        ];
        let approximated = sentence.contains("approximated by");
        assert_ne!(approximated, exact.contains(&name.as_str()), "{name}: {sentence}");
        let own_ids = name.starts_with("id_map") || name == "ivf_own_ids";
        assert_eq!(sentence.contains("its own ids"), own_ids, "{name}: {sentence}");
        assert_eq!(conversion.unit_length, name.starts_with("l2norm"), "{name}");
    }
    let whole = index("kinds/ivf_pq.index")
        .conversion()
        .expect("converted")
        .to_string();
    for part in [
        "IVF4 with PQ codes of 4 x 4 bits to IVF-Flat",
        "60 vectors",
        "approximated by PQ codes of 4 x 4 bits",
    ] {
        assert!(whole.contains(part), "{whole}");
    }
}

#[test]
fn an_index_that_is_searched_as_it_is_was_not_converted() {
    for name in ["ivf8_l2.index", "flat_l2.index", "pqfs_ip.index"] {
        assert_eq!(index(name).conversion(), None, "{name}");
    }
}

#[test]
fn converted_lists_are_the_lists_of_the_file() {
    // The same vectors with the same lists: few probes find only what lies in them.
    let (lists, hnsw) = (index("kinds/ivf_own_ids.index"), index("kinds/ivf_hnsw.index"));
    assert_eq!((lists.list_sizes().len(), hnsw.list_sizes().len()), (4, 8));
    assert_eq!(lists.list_sizes().iter().sum::<usize>(), 60);
    let queries = Golden::open().rows("queries.npy");
    let (one, all) = (search(&*hnsw, &queries, K, 1), search(&*hnsw, &queries, K, 8));
    assert_ne!(one.ids, all.ids);
    assert_eq!(index("kinds/hnsw.index").list_sizes(), [60]);
}

#[test]
fn kinds_that_keep_no_vectors_are_rejected_by_name() {
    for (name, word) in [
        ("lsh", "LSH"),
        ("ivf_rq", "additive codes"),
        ("ivf_rabitq", "RaBitQ"),
        ("itq", "ITQ"),
    ] {
        let error = open(&data(&format!("kinds/unsupported_{name}.index")), None).err();
        let error = error.unwrap_or_else(|| panic!("{name} was opened"));
        assert!(
            matches!(error, IndexFileError::UnsupportedKind { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
}

#[test]
fn a_converted_index_of_another_dimension_is_rejected() {
    for name in names() {
        let error = open(&data(&format!("kinds/{name}.index")), Some(768)).err();
        assert!(
            matches!(
                error,
                Some(IndexFileError::Dimension {
                    index: 16,
                    encoder: 768
                })
            ),
            "{name}"
        );
    }
}
