//! Making any index that faiss's factory knows.
//!
//! Thread: command line or a background task; seconds to minutes.

use std::ffi::c_int;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use faiss_sys as sys;

use super::error::{BuildError, SaveError};
use super::openmp::OneThread;
use super::raw::{Raw, check};
use super::save::{self, save};
use super::stream;
use crate::frames::Frames;
use crate::retrieval::Metric;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::{self, Checked, MAX_DIM};
use crate::retrieval::plan::flat_lists;
use crate::whole_file::WholeFile;

/// Rounds of k-means: faiss's own number for inverted files, which RVC keeps.
pub const ROUNDS: u32 = 10;

/// An index that has learnt its lists and code books, filled or not.
pub struct Trained(Raw);

impl Trained {
    /// Trains what `factory` describes ("IVF256,Flat", "IVF1024,PQ128x4fs,RFlat",
    /// anything that faiss's `index_factory` takes).
    ///
    /// The k-means of plain inverted lists starts from `seed`; what else an index
    /// learns (code books, rotations) starts from faiss's own fixed seeds. So the
    /// same arguments give the same index.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn train(factory: &str, vectors: &Frames, metric: Metric, seed: u32) -> Result<Self, BuildError> {
        Self::train_in_rounds(factory, vectors, metric, seed, |_| ControlFlow::Continue(()))
    }

    /// As [`Self::train`]; `on` hears how many of the [`ROUNDS`] of k-means are done
    /// before each, and may break.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn train_in_rounds(
        factory: &str,
        vectors: &Frames,
        metric: Metric,
        seed: u32,
        mut on: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Self, BuildError> {
        check_vectors(vectors)?;
        let dim = u32::try_from(vectors.dim()).map_err(|_| BuildError::TooLarge(vectors.dim()))?;
        let lists = flat_lists(factory);
        if let Some(lists) = lists.filter(|&lists| lists == 0 || lists > vectors.len()) {
            return Err(BuildError::ListCount {
                lists,
                vectors: vectors.len(),
            });
        }
        let _bounded = OneThread::here();
        let mut stopped = false;
        let mut train = || {
            // The re-ranking is put around the trained base: faiss's C interface
            // has no way back from the whole to its base.
            let (base, refine) = split_refine(factory);
            let mut index = Raw::factory(dim, base, metric)?;
            let mut round = |done| {
                stopped = on(done).is_break();
                if stopped {
                    Err("stopped".to_string())
                } else {
                    Ok(())
                }
            };
            if lists.is_some() {
                train_lists(&index, vectors, metric, seed, &mut round)?;
            } else {
                round(0)?;
            }
            index.train(vectors.data())?;
            if refine { Raw::refined(index) } else { Ok(index) }
        };
        let trained = train();
        trained.map(Self).map_err(|why| {
            if stopped {
                BuildError::Stopped
            } else {
                BuildError::Backend(why)
            }
        })
    }

    /// An index file as faiss's own object, once it is checked like any other: to compare
    /// our searches with faiss's.
    ///
    /// # Errors
    /// See [`IndexFileError`].
    pub fn open(path: &Path) -> Result<Self, IndexFileError> {
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        let vectors = match format::check(&mut file, len, None)? {
            Checked::Flat { .. } => Vec::new(),
            Checked::Ivf(layout) => layout.vectors,
            Checked::Refined(layout) => layout.base.vectors,
        };
        stream::read(file, 0, vectors).map(Self)
    }

    /// Puts exactly these vectors in; ids are row numbers. What was in before is dropped.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn fill(&mut self, vectors: &Frames) -> Result<(), BuildError> {
        check_vectors(vectors)?;
        if vectors.dim() != self.0.dim() {
            let message = format!("{} values where {} belong", vectors.dim(), self.0.dim());
            return Err(BuildError::Backend(message));
        }
        let _bounded = OneThread::here();
        let filled = self.0.reset().and_then(|()| self.0.add(vectors.data()));
        filled.map_err(BuildError::Backend)
    }

    /// As [`Self::fill`], with pieces of row-major data one after the other.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn fill_with(&mut self, pieces: &[&[f32]]) -> Result<(), BuildError> {
        let _bounded = OneThread::here();
        self.0.reset().map_err(BuildError::Backend)?;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            self.0.add(piece).map_err(BuildError::Backend)?;
        }
        Ok(())
    }

    /// How many candidates per neighbour exact re-ranking (`RFlat`) takes where
    /// a search does not say. Other indices have no such number and ignore it.
    pub fn set_k_factor(&mut self, k_factor: u16) {
        self.0.set_k_factor(f32::from(k_factor));
    }

    /// Times that faiss's own search takes, called for one query after the other and
    /// with nothing of ours around it: what our searches are compared with.
    ///
    /// # Errors
    /// [`BuildError::Backend`].
    pub fn faiss_loop(
        &mut self,
        queries: &Frames,
        k: usize,
        n_probe: usize,
    ) -> Result<Vec<Duration>, BuildError> {
        let _bounded = OneThread::here();
        self.0
            .search_loop(queries.data(), k, n_probe)
            .map_err(BuildError::Backend)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        save(&self.0, path)
    }

    /// Writes a file that becomes `path` when it is committed.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn write(&self, path: &Path) -> Result<WholeFile, SaveError> {
        save::write(&self.0, path)
    }

    pub(super) fn into_raw(self) -> Raw {
        self.0
    }
}

/// The factory string without re-ranking at its end, and whether there was one.
fn split_refine(factory: &str) -> (&str, bool) {
    [",RFlat", ",Refine(Flat)"]
        .iter()
        .find_map(|end| factory.strip_suffix(end))
        .map_or((factory, false), |base| (base, true))
}

fn check_vectors(vectors: &Frames) -> Result<(), BuildError> {
    if vectors.is_empty() {
        return Err(BuildError::NoVectors);
    }
    if vectors.dim() > MAX_DIM {
        return Err(BuildError::TooLarge(vectors.dim()));
    }
    if vectors.data().iter().any(|value| !value.is_finite()) {
        return Err(BuildError::NonFinite);
    }
    Ok(())
}

/// k-means into the quantizer of an inverted file, seeded; faiss then finds it
/// trained and leaves it alone. Every round is a training of its own that begins with
/// the centres of the one before, so that it can be ended between two.
fn train_lists(
    index: &Raw,
    vectors: &Frames,
    metric: Metric,
    seed: u32,
    round: &mut dyn FnMut(u32) -> Result<(), String>,
) -> Result<(), String> {
    let Some(ivf) = index.as_ivf() else {
        return Err("the index has no inverted lists".into());
    };
    let count = |n: usize| c_int::try_from(n).map_err(|_| format!("{n} is too much"));
    // SAFETY: the index lives; both functions read fields.
    let (lists, quantizer) = unsafe {
        (
            sys::faiss_IndexIVF_nlist(ivf.as_ptr()),
            sys::faiss_IndexIVF_quantizer(ivf.as_ptr()),
        )
    };
    let (dim, lists) = (count(vectors.dim())?, count(lists)?);
    let rows = i64::try_from(vectors.len()).map_err(|_| "too many vectors".to_string())?;
    // SAFETY: plain numbers, all of which the function sets.
    let mut params = unsafe {
        let mut params = std::mem::zeroed::<sys::FaissClusteringParameters>();
        sys::faiss_ClusteringParameters_init(&mut params);
        params
    };
    params.niter = 1;
    // faiss takes a negative seed as "any".
    params.seed = c_int::try_from(seed & 0x7fff_ffff).unwrap_or(0);
    // As faiss does by itself for inner product: centroids on the unit sphere.
    params.spherical = c_int::from(metric == Metric::InnerProduct);
    // We say ourselves what few points per list mean; faiss would print it.
    params.min_points_per_centroid = 1;
    let mut clustering = ptr::null_mut();
    // SAFETY: faiss stores a new object in `clustering`, which is freed here and
    // nowhere else; the data holds `rows` rows of `dim` values; the quantizer
    // belongs to the index, which lives.
    unsafe {
        check(sys::faiss_Clustering_new_with_params(
            &mut clustering,
            dim,
            lists,
            &params,
        ))?;
        let trained = (0..ROUNDS).try_for_each(|done| {
            round(done)?;
            check(sys::faiss_Clustering_train(
                clustering,
                rows,
                vectors.data().as_ptr(),
                quantizer,
            ))
        });
        sys::faiss_Clustering_free(clustering);
        trained
    }
}
