//! Memory that ends at an inaccessible page: access one sample beyond its end crashes the program.

use anyhow::{Result, ensure};
use std::ptr::{NonNull, null_mut};

/// `len` values at the end of a page; the page after it cannot be accessed.
pub struct Fenced<T> {
    start: NonNull<libc::c_void>,
    bytes: usize,
    first: *mut T,
    len: usize,
}

impl<T: Copy> Fenced<T> {
    /// Filled with `value`.
    ///
    /// # Errors
    /// If the memory cannot be allocated.
    pub fn new(len: usize, value: T) -> Result<Self> {
        // SAFETY: no arguments that matter.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) })?;
        let used = (len * size_of::<T>()).div_ceil(page) * page;
        let bytes = used + page;
        // SAFETY: new pages, at an address that the system chooses.
        let start = unsafe {
            libc::mmap(
                null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        ensure!(start != libc::MAP_FAILED, "no memory");
        let start = NonNull::new(start).ok_or_else(|| anyhow::anyhow!("memory at null"))?;
        // SAFETY: within the pages just made.
        let (fence, first) = unsafe {
            let fence = start.as_ptr().byte_add(used);
            (fence, fence.cast::<T>().sub(len))
        };
        // SAFETY: the last of these pages.
        let protected = unsafe { libc::mprotect(fence, page, libc::PROT_NONE) };
        ensure!(protected == 0, "no fence");
        let mut fenced = Self {
            start,
            bytes,
            first,
            len,
        };
        fenced.values().fill(value);
        Ok(fenced)
    }

    /// The values.
    pub fn values(&mut self) -> &mut [T] {
        // SAFETY: `len` values from `first` on, all written by `new`.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.len) }
    }

    /// Pointer to the first value.
    pub fn pointer(&mut self) -> *mut T {
        self.first
    }
}

impl<T> Drop for Fenced<T> {
    fn drop(&mut self) {
        // SAFETY: the pages of `new`, given back once.
        unsafe { libc::munmap(self.start.as_ptr(), self.bytes) };
    }
}
