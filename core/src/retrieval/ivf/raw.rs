//! Any faiss object, owned: what building, writing and reading have in common.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

use faiss::MetricType;
use faiss_sys as sys;

use crate::blas;
use crate::retrieval::Metric;

/// An index that faiss made and this owns.
pub(super) struct Raw(NonNull<sys::FaissIndex>);

// SAFETY: the object has no tie to the thread that made it; faiss keeps no
// thread-local state in an index.
unsafe impl Send for Raw {}

impl Raw {
    /// Takes ownership.
    ///
    /// # Safety
    /// `index` is null or points to an index that nobody else owns or uses.
    pub(super) unsafe fn own(index: *mut sys::FaissIndex) -> Result<Self, String> {
        // What faiss calls has to be linked along with it.
        let index = NonNull::new(index).filter(|_| blas::is_linked());
        index.map(Self).ok_or_else(|| "faiss gave no index".into())
    }

    /// An empty index of a factory string.
    pub(super) fn factory(dim: u32, factory: &str, metric: Metric) -> Result<Self, String> {
        let metric = match metric {
            Metric::L2 => MetricType::L2,
            Metric::InnerProduct => MetricType::InnerProduct,
        };
        if factory.contains('\0') {
            return Err("a factory string with a zero byte".into());
        }
        let index = faiss::index_factory(dim, factory, metric).map_err(|error| error.to_string())?;
        let pointer = index.inner_ptr();
        std::mem::forget(index);
        // SAFETY: forgetting its owner leaves us the only one.
        unsafe { Self::own(pointer.cast()) }
    }

    /// The same with exact re-ranking of what it finds (`RFlat`); empty yet.
    pub(super) fn refined(base: Self) -> Result<Self, String> {
        let mut refined = ptr::null_mut();
        // SAFETY: the base lives; faiss stores a new object in `refined`.
        check(unsafe { sys::faiss_IndexRefineFlat_new(&mut refined, base.as_ptr()) })?;
        if !refined.is_null() {
            // SAFETY: the new object lives. From here on it frees the base.
            unsafe { sys::faiss_IndexRefineFlat_set_own_fields(refined, 1) };
            std::mem::forget(base);
        }
        // SAFETY: faiss has just made it for us; the type is an alias.
        unsafe { Self::own(refined) }
    }

    pub(super) fn as_ptr(&self) -> *mut sys::FaissIndex {
        self.0.as_ptr()
    }

    /// The object as an inverted file, if it is one.
    pub(super) fn as_ivf(&self) -> Option<NonNull<sys::FaissIndexIVF>> {
        // SAFETY: the object lives; the cast is a dynamic_cast to the same one.
        NonNull::new(unsafe { sys::faiss_IndexIVF_cast(self.as_ptr()) })
    }

    /// Learns from vectors what the index needs (lists, code books).
    pub(super) fn train(&mut self, vectors: &[f32]) -> Result<(), String> {
        let n = self.rows_of(vectors)?;
        // SAFETY: the index lives, `&mut` excludes all other users, and the data
        // holds n rows of its dimension.
        check(unsafe { sys::faiss_Index_train(self.as_ptr(), n, vectors.as_ptr()) })
    }

    /// Adds vectors; ids go on from those that are there.
    pub(super) fn add(&mut self, vectors: &[f32]) -> Result<(), String> {
        let n = self.rows_of(vectors)?;
        // SAFETY: as in `train`.
        check(unsafe { sys::faiss_Index_add(self.as_ptr(), n, vectors.as_ptr()) })
    }

    /// Drops all vectors; what was learnt stays.
    pub(super) fn reset(&mut self) -> Result<(), String> {
        // SAFETY: the index lives and `&mut` excludes all other users.
        check(unsafe { sys::faiss_Index_reset(self.as_ptr()) })
    }

    /// The id of the nearest vector for each row.
    pub(super) fn nearest(&self, rows: &[f32]) -> Result<Vec<i64>, String> {
        let n = self.rows_of(rows)?;
        let count = rows.len() / self.dim().max(1);
        let (mut ids, mut distances) = (vec![-1; count], vec![0.0; count]);
        // SAFETY: the index lives; there are n rows of its dimension, and room for one
        // result each.
        check(unsafe {
            sys::faiss_Index_search(
                self.as_ptr(),
                n,
                rows.as_ptr(),
                1,
                distances.as_mut_ptr(),
                ids.as_mut_ptr(),
            )
        })?;
        Ok(ids)
    }

    /// Searches rows one by one with `n_probe` set on the index itself; see
    /// `Trained::faiss_loop`.
    pub(super) fn search_loop(
        &mut self,
        queries: &[f32],
        k: usize,
        n_probe: usize,
    ) -> Result<Vec<Duration>, String> {
        let slots = i64::try_from(k).map_err(|_| "too many neighbours".to_string())?;
        #[expect(clippy::cast_precision_loss, reason = "a few lists")]
        self.set_parameter(c"nprobe", n_probe as f64);
        let (mut ids, mut distances) = (vec![0; k], vec![0.0; k]);
        let mut times = Vec::new();
        for query in queries.chunks_exact(self.dim().max(1)) {
            let started = Instant::now();
            // SAFETY: the index lives; the query has its dimension, the results
            // have room for k.
            check(unsafe {
                sys::faiss_Index_search(
                    self.as_ptr(),
                    1,
                    query.as_ptr(),
                    slots,
                    distances.as_mut_ptr(),
                    ids.as_mut_ptr(),
                )
            })?;
            times.push(started.elapsed());
        }
        Ok(times)
    }

    /// Sets a parameter by faiss's name for it; an index without it ignores that.
    fn set_parameter(&mut self, name: &CStr, value: f64) {
        let mut space = ptr::null_mut();
        // SAFETY: faiss stores a new object in `space`, which is freed here and
        // nowhere else; the index lives and `&mut` excludes all other users.
        unsafe {
            if sys::faiss_ParameterSpace_new(&mut space) == 0 {
                sys::faiss_ParameterSpace_set_index_parameter(space, self.as_ptr(), name.as_ptr(), value);
                sys::faiss_ParameterSpace_free(space);
            }
        }
    }

    /// For an index with exact re-ranking; others ignore it.
    pub(super) fn set_k_factor(&mut self, k_factor: f32) {
        // SAFETY: the index lives and `&mut` excludes all other users; the cast is
        // a dynamic_cast to the same object, null if it is of another kind.
        unsafe {
            let refined = sys::faiss_IndexRefineFlat_cast(self.as_ptr());
            if !refined.is_null() {
                sys::faiss_IndexRefineFlat_set_k_factor(refined, k_factor);
            }
        }
    }

    pub(super) fn dim(&self) -> usize {
        // SAFETY: the index lives; the function reads a field.
        usize::try_from(unsafe { sys::faiss_Index_d(self.as_ptr()) }).unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { sys::faiss_Index_ntotal(self.as_ptr()) }).unwrap_or(0)
    }

    pub(super) fn metric(&self) -> Metric {
        // SAFETY: as above.
        let metric = unsafe { sys::faiss_Index_metric_type(self.as_ptr()) };
        if metric == sys::FaissMetricType_METRIC_INNER_PRODUCT {
            Metric::InnerProduct
        } else {
            Metric::L2
        }
    }

    fn rows_of(&self, vectors: &[f32]) -> Result<i64, String> {
        let dim = self.dim().max(1);
        if !vectors.len().is_multiple_of(dim) {
            return Err(format!("{} values are no rows of {dim}", vectors.len()));
        }
        i64::try_from(vectors.len() / dim).map_err(|_| "too many vectors".to_string())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: we own it and it is used no more.
        unsafe { sys::faiss_Index_free(self.as_ptr()) }
    }
}

/// Turns a return code into faiss's message. C++ exceptions end inside the C
/// interface; this is all that is left of them.
pub(super) fn check(code: c_int) -> Result<(), String> {
    if code == 0 {
        return Ok(());
    }
    // SAFETY: gives null or a text that lives until this thread's next failure.
    let message = unsafe { sys::faiss_get_last_error() };
    if message.is_null() {
        return Err(format!("error {code}"));
    }
    // SAFETY: not null, so a text that ends with 0.
    Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
}
