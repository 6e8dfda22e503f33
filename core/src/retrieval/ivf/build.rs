//! Making an IVF-Flat index from vectors.
//!
//! Thread: loader or command line; takes seconds for long recordings.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use faiss::cluster::{Clustering, ClusteringParameters};
use faiss::index::NativeIndex;
use faiss::index::flat::FlatIndexImpl;
use faiss::index::ivf_flat::IVFFlatIndexImpl;
use faiss::{Index, MetricType};

use super::handle::Handle;
use super::openmp::OneThread;
use super::{IvfIndex, stream};
use crate::frames::Frames;
use crate::retrieval::Metric;
use crate::retrieval::format::MAX_DIM;

/// Rounds of k-means: faiss's own number for inverted files, which RVC keeps.
const ROUNDS: u32 = 10;

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
        let (dim, len) = (vectors.dim(), vectors.len());
        if len == 0 {
            return Err(BuildError::NoVectors);
        }
        if n_list == 0 || n_list > len {
            return Err(BuildError::ListCount {
                lists: n_list,
                vectors: len,
            });
        }
        if dim > MAX_DIM {
            return Err(BuildError::TooLarge(dim));
        }
        if vectors.data().iter().any(|value| !value.is_finite()) {
            return Err(BuildError::NonFinite);
        }
        let d = u32::try_from(dim).map_err(|_| BuildError::TooLarge(dim))?;
        let lists = u32::try_from(n_list).map_err(|_| BuildError::TooLarge(n_list))?;
        let seed = seed & 0x7fff_ffff; // faiss takes a negative seed as "any"

        let _bounded = OneThread::here();
        let index = train(vectors.data(), d, lists, metric, seed).map_err(backend)?;
        // SAFETY: the pointer is the index that `index` owns; forgetting that
        // owner leaves us the only one.
        let handle = unsafe { Handle::own(index.inner_ptr().cast()) };
        std::mem::forget(index);
        handle.and_then(Self::from_handle).map_err(BuildError::Backend)
    }

    /// Writes a file that faiss and RVC can read. It appears whole or not at
    /// all: written beside `path` first, then renamed.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let file = File::create(&beside)?;
        let written = stream::write(&self.handle, BufWriter::new(file)).map_err(SaveError::Write);
        let result = written.and_then(|()| Ok(fs::rename(&beside, path)?));
        if result.is_err() {
            // What is left is of no use; the first error is the one to tell.
            let _ = fs::remove_file(&beside);
        }
        result
    }
}

fn train(
    data: &[f32],
    dim: u32,
    lists: u32,
    metric: Metric,
    seed: u32,
) -> faiss::error::Result<IVFFlatIndexImpl> {
    let metric_type = match metric {
        Metric::L2 => MetricType::L2,
        Metric::InnerProduct => MetricType::InnerProduct,
    };
    let mut params = ClusteringParameters::new();
    params.set_niter(ROUNDS);
    params.set_seed(seed);
    // As faiss does by itself for inner product: centroids on the unit sphere.
    params.set_spherical(metric == Metric::InnerProduct);
    // We say ourselves what few points per list mean; faiss would print it.
    params.set_min_points_per_centroid(1);

    let mut centroids = FlatIndexImpl::new(dim, metric_type)?;
    Clustering::new_with_params(dim, lists, &params)?.train(data, &mut centroids)?;
    let mut index = IVFFlatIndexImpl::new(centroids, dim, lists, metric_type)?;
    index.train(data)?;
    index.add(data)?;
    Ok(index)
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn backend(error: faiss::error::Error) -> BuildError {
    BuildError::Backend(error.to_string())
}
