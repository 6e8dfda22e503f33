//! Allocations of the audio thread, and leaks of memory, threads, file descriptors and windows.
//!
//! The allocator counts on the calling thread only, so that tests can run at the same time. Cases that measure the
//! whole process run in child processes (`voxmeld_tests::child`).

mod audio_thread;
mod editors;
mod instances;
mod plugin_allocations;
mod shutdown;
mod swaps;
mod wake_ups;

use voxmeld_tests::allocations::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
