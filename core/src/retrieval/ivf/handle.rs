//! Calls into faiss's C interface that a loaded inverted file needs.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use faiss_sys as sys;

use super::raw::{Raw, check};
use crate::retrieval::{IdFilter, Metric};

/// An IVF index that faiss made and this owns.
pub(super) struct Handle {
    ivf: NonNull<sys::FaissIndexIVF>,
    raw: Raw,
}

// SAFETY: the object has no tie to the thread that made it; faiss keeps no
// thread-local state in an index.
unsafe impl Send for Handle {}
// SAFETY: all methods that take `&self` call functions that are const in C++ and
// documented as safe to call at the same time. (They also count into a global of
// statistics without synchronisation; nobody reads those numbers.)
unsafe impl Sync for Handle {}

impl Handle {
    /// An error if it is not an IVF index.
    pub(super) fn new(raw: Raw) -> Result<Self, String> {
        let ivf = raw
            .as_ivf()
            .ok_or_else(|| "the index has no inverted lists".to_string())?;
        Ok(Self { ivf, raw })
    }

    /// The object as what all indices are.
    pub(super) fn raw(&self) -> &Raw {
        &self.raw
    }

    /// Makes the map from ids to places in the lists, from nothing: a map that
    /// came with the file could point anywhere.
    pub(super) fn map_ids(&mut self) -> Result<(), String> {
        self.forget_ids()?;
        // SAFETY: as in `forget_ids`.
        check(unsafe { sys::faiss_IndexIVF_make_direct_map(self.ivf.as_ptr(), 1) })
    }

    /// Drops a map that came with the file.
    pub(super) fn forget_ids(&mut self) -> Result<(), String> {
        // SAFETY: the index lives and `&mut` excludes all other users.
        check(unsafe { sys::faiss_IndexIVF_make_direct_map(self.ivf.as_ptr(), 0) })
    }

    pub(super) fn dim(&self) -> usize {
        self.raw.dim()
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    pub(super) fn metric(&self) -> Metric {
        self.raw.metric()
    }

    pub(super) fn n_list(&self) -> usize {
        // SAFETY: the index lives; the function reads a field.
        unsafe { sys::faiss_IndexIVF_nlist(self.ivf.as_ptr()) }
    }

    /// Vectors in each list.
    pub(super) fn list_sizes(&self) -> Vec<usize> {
        (0..self.n_list())
            // SAFETY: as above; `list` is below the number of lists.
            .map(|list| unsafe { sys::faiss_IndexIVF_get_list_size(self.ivf.as_ptr(), list) })
            .collect()
    }

    /// Searches whole queries; `ids` and `distances` have `k` slots for each.
    pub(super) fn search(
        &self,
        queries: &[f32],
        k: usize,
        probes: &Probes<'_>,
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
                self.raw.as_ptr(),
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
        unsafe { sys::faiss_Index_reconstruct(self.raw.as_ptr(), id, out.as_mut_ptr()) == 0 }
    }
}

/// The parameters of one search.
pub(super) struct Probes<'a> {
    params: NonNull<sys::FaissSearchParametersIVF>,
    selector: Option<Selector<'a>>,
}

impl<'a> Probes<'a> {
    /// A search of `n_probe` lists.
    pub(super) fn new(n_probe: usize) -> Result<Self, String> {
        Self::with(n_probe, None)
    }

    /// A search of `n_probe` lists for the ids that the filter lets pass.
    pub(super) fn among(n_probe: usize, filter: &'a IdFilter) -> Result<Self, String> {
        Self::with(n_probe, Some(Selector::new(filter)?))
    }

    fn with(n_probe: usize, selector: Option<Selector<'a>>) -> Result<Self, String> {
        let mut params = ptr::null_mut();
        let chosen = selector.as_ref().map_or(ptr::null_mut(), Selector::as_selector);
        // SAFETY: faiss stores a new object in `params`; it does not own the
        // selector (null or alive as long as `params`); no bound on the vectors
        // looked at (0).
        check(unsafe { sys::faiss_SearchParametersIVF_new_with(&mut params, chosen, n_probe, 0) })?;
        let params = NonNull::new(params).ok_or_else(|| "faiss gave no parameters".to_string())?;
        Ok(Self { params, selector })
    }

    fn as_params(&self) -> *const sys::FaissSearchParameters {
        self.params.as_ptr().cast()
    }
}

impl Drop for Probes<'_> {
    fn drop(&mut self) {
        // SAFETY: we own it and it is used no more; the selector goes after it.
        unsafe { sys::faiss_SearchParametersIVF_free(self.params.as_ptr()) }
        self.selector = None;
    }
}

/// A bitmap of ids, as faiss wants it.
struct Selector<'a> {
    bitmap: NonNull<sys::FaissIDSelectorBitmap>,
    /// faiss keeps a pointer to the bits.
    _bits: PhantomData<&'a [u8]>,
}

impl<'a> Selector<'a> {
    fn new(filter: &'a IdFilter) -> Result<Self, String> {
        let bits = filter.bits();
        let mut bitmap = ptr::null_mut();
        // SAFETY: faiss stores a new object in `bitmap` and reads the bytes, as
        // many as it is told, while that object lives; the lifetime sees to it.
        check(unsafe { sys::faiss_IDSelectorBitmap_new(&mut bitmap, bits.len(), bits.as_ptr()) })?;
        let bitmap = NonNull::new(bitmap).ok_or_else(|| "faiss gave no selector".to_string())?;
        Ok(Self {
            bitmap,
            _bits: PhantomData,
        })
    }

    fn as_selector(&self) -> *mut sys::FaissIDSelector {
        self.bitmap.as_ptr().cast()
    }
}

impl Drop for Selector<'_> {
    fn drop(&mut self) {
        // SAFETY: we own it and it is used no more.
        unsafe { sys::faiss_IDSelectorBitmap_free(self.bitmap.as_ptr()) }
    }
}
