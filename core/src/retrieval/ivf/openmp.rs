//! faiss searches with OpenMP. On a busy machine its barriers made a 7-frame
//! search take 8-20 ms instead of 0.1-0.5, so here it gets one thread.
//!
//! Our own builds link an OpenMP that has only one (`core/link`); a build with
//! the system's library is bounded by this.

use std::ffi::c_int;
use std::marker::PhantomData;

unsafe extern "C" {
    fn omp_get_max_threads() -> c_int;
    fn omp_set_num_threads(threads: c_int);
}

/// While it lives, OpenMP regions that this thread starts have one thread. The
/// setting belongs to the calling thread; a host thread gets it back after.
pub(super) struct OneThread {
    before: c_int,
    // The setting is the thread's, so the guard stays on it.
    _not_send: PhantomData<*const ()>,
}

impl OneThread {
    /// Bounds the calling thread.
    pub(super) fn here() -> Self {
        // SAFETY: both functions take and give plain numbers, touch only this
        // thread's setting, and may be called at any time from any thread.
        let before = unsafe {
            let before = omp_get_max_threads();
            omp_set_num_threads(1);
            before
        };
        Self {
            before,
            _not_send: PhantomData,
        }
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        // SAFETY: as above; the value is one that OpenMP gave.
        unsafe { omp_set_num_threads(self.before) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads() -> c_int {
        // SAFETY: reads this thread's setting.
        unsafe { omp_get_max_threads() }
    }

    #[test]
    fn one_thread_inside_and_the_old_number_after() {
        let before = threads();
        {
            let _bounded = OneThread::here();
            assert_eq!(threads(), 1);
        }
        assert_eq!(threads(), before);
    }
}
