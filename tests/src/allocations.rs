//! Counts allocations and frees of the audio thread. A test program that uses this
//! has [`CountingAllocator`] as its `#[global_allocator]`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// True while this thread's allocations are counted.
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// The system allocator; counts calls on threads on which counting is enabled.
pub struct CountingAllocator;

fn count_call() {
    // Thread-locals do not exist any more in a thread that is ending; such a thread plays no audio.
    let _ = COUNTING.try_with(|counting| {
        if counting.get() {
            COUNT.with(|count| count.set(count.get() + 1));
        }
    });
}

// SAFETY: every call is passed to the system's allocator unchanged; the thread-locals that are read and written
// besides have constant initialisers and do not allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_call();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count_call();
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_call();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Calls of the allocator by `work` on this thread: allocations, reallocations and frees.
pub fn count_allocations(work: impl FnOnce()) -> u32 {
    COUNT.set(0);
    COUNTING.set(true);
    work();
    COUNTING.set(false);
    COUNT.get()
}
