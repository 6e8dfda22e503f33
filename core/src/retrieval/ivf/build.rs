//! Making and saving an IVF-Flat index that is used at once.
//!
//! Thread: loader or command line; takes seconds for long recordings.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use super::handle::Handle;
use super::openmp::OneThread;
use super::raw::Raw;
use super::{IvfIndex, Trained, stream};
use crate::frames::Frames;
use crate::retrieval::Metric;

/// An index that was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nothing to build from.
    #[error("there are no vectors to build an index from; record or choose more speech")]
    NoVectors,
    /// Fewer vectors than lists, or no list.
    #[error("an index of {vectors} vectors cannot have {lists} lists; at most one list per vector")]
    ListCount {
        /// Lists asked for.
        lists: usize,
        /// Vectors there are.
        vectors: usize,
    },
    /// NaN or infinity.
    #[error("the vectors hold values that are not numbers")]
    NonFinite,
    /// More than the format or we can take.
    #[error("{0} is more than an index can have")]
    TooLarge(usize),
    /// faiss refused.
    #[error("faiss could not build the index: {0}")]
    Backend(String),
    /// What was asked, between two rounds of training.
    #[error("stopped")]
    Stopped,
}

/// An index that was not saved. A file that was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file could not be made or named.
    #[error("the index could not be saved: {0}")]
    File(#[from] std::io::Error),
    /// It could not be written to its end.
    #[error("the index could not be written: {0}")]
    Write(String),
}

/// RVC's number of lists for `vectors` vectors: `min(16 sqrt(N), N / 39)`, at
/// least 1. (39 training points per list is what faiss asks for.)
#[must_use]
pub fn rvc_list_count(vectors: usize) -> usize {
    // floor(16 sqrt(N)) without floats.
    let by_root = vectors.saturating_mul(256).isqrt();
    by_root.min(vectors / 39).max(1)
}

impl IvfIndex {
    /// Trains `n_list` lists by k-means (see [`rvc_list_count`]) and adds all
    /// vectors; ids are row numbers. The same arguments give the same index.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(vectors: &Frames, n_list: usize, metric: Metric, seed: u32) -> Result<Self, BuildError> {
        let mut trained = Trained::train(&format!("IVF{n_list},Flat"), vectors, metric, seed)?;
        trained.fill(vectors)?;
        let _bounded = OneThread::here();
        Handle::new(trained.into_raw())
            .and_then(Self::from_handle)
            .map_err(BuildError::Backend)
    }

    /// Writes a file that faiss and RVC can read. It appears whole or not at
    /// all: written beside `path` first, then renamed.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        save(self.handle.raw(), path)
    }
}

/// Writes beside `path` first, then renames.
pub(super) fn save(index: &Raw, path: &Path) -> Result<(), SaveError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let file = File::create(&beside)?;
    let written = stream::write(index, BufWriter::new(file)).map_err(SaveError::Write);
    let result = written.and_then(|()| Ok(fs::rename(&beside, path)?));
    if result.is_err() {
        // What is left is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    result
}
