//! Opening index files, once for all instances.
//!
//! Thread: loader. Never the audio thread: this reads files and waits for locks.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Weak};
use std::time::SystemTime;

use parking_lot::Mutex;

use super::converted::convert;
use super::error::IndexFileError;
use super::flat::FlatIndex;
use super::format::{self, Checked};
use super::ivf::{IvfIndex, RefinedIndex};
use super::sidecar::{Sidecar, SidecarError};
use super::with_sidecar::IndexWithSidecar;
use super::{EmbeddingIndex, Metric};
use crate::file_kind::{FileKind, HEAD_BYTES};

/// Opens a faiss file that was checked from its first byte to its last: `Flat`, `IVF…,Flat`
/// and `IVF…,PQ…x4fs,RFlat` as they are; other kinds that keep their vectors or codes of
/// them are converted, see [`EmbeddingIndex::conversion`]. L2 or inner product. An index that another instance holds, from
/// the same unchanged file, is shared instead of read again.
///
/// With `expected_dim`, an index of another dimension is refused.
///
/// # Errors
/// See [`IndexFileError`]; each is a sentence for the user.
pub fn open(path: &Path, expected_dim: Option<usize>) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    let found = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => IndexFileError::Missing {
            path: path.to_owned(),
        },
        _ => IndexFileError::Unreadable(error),
    };
    let real_path = fs::canonicalize(path).map_err(found)?;
    // Before it is opened: opening a pipe would wait for its other end.
    if !fs::metadata(&real_path)?.is_file() {
        return Err(IndexFileError::NotAFile);
    }
    let file = File::open(&real_path).map_err(found)?;
    let meta = file.metadata()?;
    let key = Key {
        sidecar_modified: fs::metadata(Sidecar::path_of(path))
            .and_then(|meta| meta.modified())
            .ok(),
        path: real_path,
        len: meta.len(),
        modified: meta.modified().ok(),
    };

    let slot = slot(key);
    // Held while loading, so that two instances that restore the same session
    // load once; other files have other slots.
    let mut cached = slot.lock();
    if let Some(index) = cached.upgrade() {
        return match expected_dim {
            Some(encoder) if encoder != index.dim() => Err(IndexFileError::Dimension {
                index: index.dim(),
                encoder,
            }),
            _ => Ok(index),
        };
    }
    let index = load(file, meta.len(), expected_dim)?;
    let index = match Sidecar::read(path)? {
        Some(sidecar) => describe(index, sidecar, path)?,
        None => index,
    };
    *cached = Arc::downgrade(&index);
    Ok(index)
}

/// Opens an index file that is in memory; otherwise as [`open`], without a sidecar.
///
/// # Errors
/// See [`IndexFileError`].
pub fn open_bytes(
    bytes: Vec<u8>,
    expected_dim: Option<usize>,
) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    let len = bytes.len() as u64;
    load(Cursor::new(bytes), len, expected_dim)
}

/// Checks and reads an index of `len` bytes.
fn load(
    mut source: impl Read + Seek + 'static,
    len: u64,
    expected_dim: Option<usize>,
) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    let checked = match format::check(&mut source, len, expected_dim) {
        Err(IndexFileError::UnsupportedKind { .. }) => {
            source.rewind()?;
            return convert(source, len, expected_dim);
        }
        Err(IndexFileError::NotAnIndex { .. }) => {
            source.rewind()?;
            let mut head = Vec::new();
            source.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
            let found = FileKind::of_bytes(&head);
            return Err(IndexFileError::NotAnIndex { found });
        }
        checked => checked?,
    };
    match checked {
        Checked::Flat { rows, metric } => Ok(Arc::new(FlatIndex::of_rows(rows, metric))),
        Checked::Ivf(layout) => Ok(Arc::new(IvfIndex::load(source, &layout)?)),
        Checked::Refined(layout) => Ok(Arc::new(RefinedIndex::load(source, layout)?)),
    }
}

/// Puts an index and its sidecar together.
fn describe(
    index: Arc<dyn EmbeddingIndex>,
    sidecar: Sidecar,
    path: &Path,
) -> Result<Arc<dyn EmbeddingIndex>, IndexFileError> {
    let words = |vectors: usize, dim: usize, metric: Metric| {
        let metric = match metric {
            Metric::L2 => "L2",
            Metric::InnerProduct => "inner product",
        };
        format!("{vectors} vectors of {dim} values compared by {metric}")
    };
    let said = words(sidecar.vectors, sidecar.dim, sidecar.metric.into());
    let found = words(index.len(), index.dim(), index.metric());
    if said != found {
        let path = Sidecar::path_of(path);
        return Err(SidecarError::OtherIndex { path, said, found }.into());
    }
    Ok(Arc::new(IndexWithSidecar::new(index, sidecar)))
}

/// A file as it was when it was opened.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
    /// The same of its sidecar.
    sidecar_modified: Option<SystemTime>,
}

type Slot = Arc<Mutex<Weak<dyn EmbeddingIndex>>>;

static CACHE: LazyLock<Mutex<HashMap<Key, Slot>>> = LazyLock::new(Mutex::default);

/// The slot of a file. Drops those whose index is gone.
fn slot(key: Key) -> Slot {
    let mut cache = CACHE.lock();
    // A slot that somebody holds besides the map is being loaded.
    cache.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().strong_count() > 0);
    let empty = || Arc::new(Mutex::new(Weak::<FlatIndex>::new() as Weak<dyn EmbeddingIndex>));
    cache.entry(key).or_insert_with(empty).clone()
}

#[cfg(test)]
mod tests;
