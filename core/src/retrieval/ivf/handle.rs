//! Owned pointers to faiss's objects; every call into its C interface that a
//! loaded index needs.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use faiss_sys as sys;

use crate::retrieval::Metric;

/// An IVF index that faiss made and this owns.
pub(super) struct Handle(NonNull<sys::FaissIndexIVF>);

// SAFETY: the object has no tie to the thread that made it; faiss keeps no
// thread-local state in an index.
unsafe impl Send for Handle {}
// SAFETY: all methods that take `&self` call functions that are const in C++ and
// documented as safe to call at the same time. (They also count into a global of
// statistics without synchronisation; nobody reads those numbers.)
unsafe impl Sync for Handle {}

impl Handle {
    /// Takes ownership of an index; an error if it is not an IVF one.
    ///
    /// # Safety
    /// `index` is null or points to an index that nobody else owns or uses.
    pub(super) unsafe fn own(index: *mut sys::FaissIndex) -> Result<Self, String> {
        if index.is_null() {
            return Err("faiss gave no index".into());
        }
        // SAFETY: the caller's promise; the cast is a dynamic_cast to the same object.
        let cast = unsafe { sys::faiss_IndexIVF_cast(index) };
        match NonNull::new(cast) {
            Some(ivf) => Ok(Self(ivf)),
            None => {
                // SAFETY: we own it and it is used no more.
                unsafe { sys::faiss_Index_free(index) };
                Err("the index has no inverted lists".into())
            }
        }
    }

    /// The object as its base class.
    pub(super) fn as_index(&self) -> *mut sys::FaissIndex {
        self.0.as_ptr().cast()
    }

    /// Makes the map from ids to places in the lists, from nothing: a map that
    /// came with the file could point anywhere.
    pub(super) fn map_ids(&mut self) -> Result<(), String> {
        for keep in [0, 1] {
            // SAFETY: the index lives and `&mut` excludes all other users.
            check(unsafe { sys::faiss_IndexIVF_make_direct_map(self.0.as_ptr(), keep) })?;
        }
        Ok(())
    }

    pub(super) fn dim(&self) -> usize {
        // SAFETY: the index lives; the function reads a field.
        usize::try_from(unsafe { sys::faiss_Index_d(self.as_index()) }).unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { sys::faiss_Index_ntotal(self.as_index()) }).unwrap_or(0)
    }

    pub(super) fn metric(&self) -> Metric {
        // SAFETY: as above.
        let metric = unsafe { sys::faiss_Index_metric_type(self.as_index()) };
        if metric == sys::FaissMetricType_METRIC_INNER_PRODUCT {
            Metric::InnerProduct
        } else {
            Metric::L2
        }
    }

    pub(super) fn n_list(&self) -> usize {
        // SAFETY: as above.
        unsafe { sys::faiss_IndexIVF_nlist(self.0.as_ptr()) }
    }

    /// Vectors in each list.
    pub(super) fn list_sizes(&self) -> Vec<usize> {
        (0..self.n_list())
            // SAFETY: as above; `list` is below the number of lists.
            .map(|list| unsafe { sys::faiss_IndexIVF_get_list_size(self.0.as_ptr(), list) })
            .collect()
    }

    /// Searches whole queries; `ids` and `distances` have `k` slots for each.
    pub(super) fn search(
        &self,
        queries: &[f32],
        k: usize,
        probes: &Probes,
        ids: &mut [i64],
        distances: &mut [f32],
    ) -> Result<(), String> {
        let frames = queries.len() / self.dim();
        assert!(
            ids.len() == frames * k && distances.len() == ids.len(),
            "k slots per query"
        );
        let (Ok(n), Ok(slots)) = (i64::try_from(frames), i64::try_from(k)) else {
            return Err("too many queries".into());
        };
        // SAFETY: the index and the parameters live; the three slices have the
        // sizes that faiss reads and writes: n * d, n * k, n * k.
        check(unsafe {
            sys::faiss_Index_search_with_params(
                self.as_index(),
                n,
                queries.as_ptr(),
                slots,
                probes.as_params(),
                distances.as_mut_ptr(),
                ids.as_mut_ptr(),
            )
        })
    }

    /// Copies a vector; `out` has `dim` values.
    pub(super) fn reconstruct(&self, id: i64, out: &mut [f32]) -> bool {
        assert_eq!(out.len(), self.dim(), "a vector of the index's size");
        // SAFETY: the index lives and `out` holds the `d` floats that faiss
        // writes; an unknown id is an error code.
        unsafe { sys::faiss_Index_reconstruct(self.as_index(), id, out.as_mut_ptr()) == 0 }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: we own it and it is used no more.
        unsafe { sys::faiss_Index_free(self.as_index()) }
    }
}

/// The parameters of one search.
pub(super) struct Probes(NonNull<sys::FaissSearchParametersIVF>);

impl Probes {
    /// A search of `n_probe` lists.
    pub(super) fn new(n_probe: usize) -> Result<Self, String> {
        let mut params = ptr::null_mut();
        // SAFETY: faiss stores a new object in `params`; no selector (null), no
        // bound on the vectors looked at (0).
        check(unsafe { sys::faiss_SearchParametersIVF_new_with(&mut params, ptr::null_mut(), n_probe, 0) })?;
        NonNull::new(params)
            .map(Self)
            .ok_or_else(|| "faiss gave no parameters".into())
    }

    fn as_params(&self) -> *const sys::FaissSearchParameters {
        self.0.as_ptr().cast()
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        // SAFETY: we own it and it is used no more.
        unsafe { sys::faiss_SearchParametersIVF_free(self.0.as_ptr()) }
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
