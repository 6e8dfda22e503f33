//! What threads allocate, what is held, and what is left behind: memory, threads, descriptors, windows.
//!
//! The allocator counts on the calling thread only, so that tests may run at the same time. Whatever looks at the
//! whole process plays in a process of its own (`voxmeld_tests::child`).

mod audio_thread;
mod editors;
mod ends;
mod plugin_allocations;
mod swaps;

use voxmeld_tests::watch::Watching;

#[global_allocator]
static ALLOCATOR: Watching = Watching;
