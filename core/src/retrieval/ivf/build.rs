//! Making and saving an IVF-Flat index that is used at once.
//!
//! Thread: loader or command line; takes seconds for long recordings.

use std::path::Path;

use super::IvfIndex;
use super::error::{BuildError, SaveError};
use super::factory::Trained;
use super::handle::Handle;
use super::openmp::OneThread;
use super::save::save;
use crate::frames::Frames;
use crate::retrieval::Metric;

impl IvfIndex {
    /// Trains `n_list` lists by k-means (see [`super::rvc_list_count`]) and adds all
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
