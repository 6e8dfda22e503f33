//! Files as users have them: each unusable one is rejected with a message that says
//! what to use instead. (Damaged files: `hostile_files.rs`.)

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use voxmeld_core::retrieval::{IndexFileError, Metric, open};

use super::{data, frames, index, search};

/// A folder for one test, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("voxmeld-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("folder made");
        Self(path)
    }

    fn copy(&self, from: &str, to: &str) -> PathBuf {
        let path = self.0.join(to);
        fs::copy(data(from), &path).expect("copied");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn open_error(name: &str, expected_dim: Option<usize>) -> IndexFileError {
    match open(&data(name), expected_dim) {
        Ok(_) => panic!("{name} was opened"),
        Err(error) => error,
    }
}

#[test]
fn missing_file_is_rejected() {
    let error = open_error("no such.index", None);
    assert!(matches!(error, IndexFileError::Missing { .. }));
    let message = error.to_string();
    assert!(message.contains("no such.index does not exist"), "{message}");
}

#[test]
fn folder_or_device_is_rejected() {
    assert!(matches!(open_error("", None), IndexFileError::NotAFile));
    #[cfg(unix)]
    assert!(matches!(
        open("/dev/zero".as_ref(), None),
        Err(IndexFileError::NotAFile)
    ));
}

#[test]
fn other_file_type_is_rejected_by_name_with_what_to_do() {
    for (name, words, advice) in [
        ("vectors.npy", "a numpy array", "index build --npy"),
        ("make.py", "a text file", "added_*.index"),
        ("golden_l2.npz", "numpy arrays", "index build --npy"),
        (
            "../import/v2_32k_f32.pth",
            "PyTorch weights",
            "belongs to the voice",
        ),
        (
            "../import/hubert_transformers.safetensors",
            "weights",
            "belongs to the voice",
        ),
    ] {
        let message = open_error(name, None).to_string();
        assert!(message.contains("not a faiss index but"), "{message}");
        assert!(message.contains(words) && message.contains(advice), "{message}");
    }
    let scratch = Scratch::new("kinds of files");
    for (bytes, words, advice) in [
        (&b""[..], "an empty file", "download it again"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "Git LFS",
            "git lfs pull",
        ),
        (b"<!DOCTYPE html>\n<html>", "a web page", "download button"),
        (
            b"PK\x03\x04\x14\0\0\0voice/added.index",
            "a zip archive",
            "unpack it",
        ),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a recording", "From a folder"),
        (b"\x08\x07\x12\x07pytorch", "an ONNX model", "as the voice"),
    ] {
        let path = scratch.0.join("chosen.index");
        fs::write(&path, bytes).expect("written");
        let message = open(&path, None).err().expect(words).to_string();
        assert!(message.contains(words) && message.contains(advice), "{message}");
    }
}

#[test]
fn trained_file_without_vectors_is_rejected_naming_the_right_one() {
    let error = open_error("trained_ivf8_l2.index", Some(16));
    assert!(matches!(error, IndexFileError::TrainedOnly));
    assert!(
        error.to_string().contains("choose the `added_*.index` file"),
        "{error}"
    );
}

#[test]
fn index_of_another_dimension_is_rejected() {
    let error = open_error("ivf8_l2.index", Some(768));
    assert!(matches!(
        error,
        IndexFileError::Dimension {
            index: 16,
            encoder: 768
        }
    ));
    // Also if the index is already in memory.
    let held = index("ivf8_l2.index");
    let error = open_error("ivf8_l2.index", Some(256));
    assert!(matches!(
        error,
        IndexFileError::Dimension {
            index: 16,
            encoder: 256
        }
    ));
    drop(held);
}

#[test]
fn flat_faiss_index_opens() {
    let flat = index("flat_l2.index");
    assert_eq!((flat.len(), flat.dim(), flat.metric()), (50, 16, Metric::L2));
    let vectors = frames("vectors.npy");
    let found = search(&*flat, &vectors, 1, 1);
    assert!((0..50).all(|id| found.ids[usize::try_from(id).expect("small")] == id));
}

#[test]
fn sparse_lists_and_direct_maps_open() {
    let vectors = frames("vectors.npy");
    for name in ["sparse_array_map.index", "sparse_hash_map.index"] {
        let index = index(name);
        assert_eq!((index.len(), index.list_sizes().len()), (2, 8));
        let mut out = vec![0.0; 16];
        assert!(index.vector(1, &mut out));
        assert_eq!(out, vectors.row(1));
        assert_eq!(
            search(&*index, &vectors, 8, 8).ids[..8],
            [0, 1, -1, -1, -1, -1, -1, -1]
        );
    }
}

#[test]
fn long_paths_with_spaces_and_unicode_open() {
    let scratch = Scratch::new("paths ä");
    let long = "x".repeat(200);
    for name in [
        "added IVF8 – Stimme.index",
        "声のインデックス.index",
        "голос 🎤.index",
        long.as_str(),
    ] {
        let path = scratch.copy("ivf8_l2.index", name);
        assert_eq!(open(&path, Some(16)).expect(name).len(), 201);
    }
}

#[test]
fn file_opened_twice_is_in_memory_once() {
    let scratch = Scratch::new("shared");
    let path = scratch.copy("ivf8_l2.index", "a.index");
    let (first, second) = (
        open(&path, None).expect("opened"),
        open(&path, Some(16)).expect("opened"),
    );
    assert!(Arc::ptr_eq(&first, &second));
    #[cfg(unix)]
    {
        let link = scratch.0.join("b.index");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(Arc::ptr_eq(&first, &open(&link, None).expect("opened")));
    }
    // It is dropped with its last user.
    let weak = Arc::downgrade(&first);
    drop((first, second));
    assert!(weak.upgrade().is_none());
}

#[test]
fn changed_file_is_read_again() {
    let scratch = Scratch::new("changed");
    let path = scratch.copy("ivf8_l2.index", "a.index");
    let old = open(&path, None).expect("opened");
    fs::copy(data("flat_l2.index"), &path).expect("replaced");
    let new = open(&path, None).expect("opened");
    assert_eq!((old.len(), new.len()), (201, 50));
}

#[test]
fn concurrent_opens_load_once() {
    let scratch = Scratch::new("at once");
    let path = scratch.copy("ivf8_ip.index", "a.index");
    let all: Vec<_> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| open(&path, None).expect("opened")))
            .collect();
        opening
            .into_iter()
            .map(|thread| thread.join().expect("joined"))
            .collect()
    });
    // All of them are alive, so they have to share one index.
    assert!(all.iter().all(|index| Arc::ptr_eq(index, &all[0])));
}
