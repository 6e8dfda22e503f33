//! The files of `voxmeld-core` that two threads share, compiled once more:
//! with the types of loom, a model checker, in the place of std's and ringbuf's
//! (feature `loom`), or with the real ones, for ThreadSanitizer and miri.
//!
//! Nothing of them is copied. What is not shared between threads is small here:
//! a hop of two samples, so that a whole exchange takes a few steps.
//!
//! As its own unit test the package is empty: the files bring unit tests with
//! them, which are the engine's.
#![cfg_attr(not(test), allow(dead_code, unused_imports, reason = "a part of the engine"))]

#[cfg(not(test))]
pub mod small;
#[cfg(all(feature = "loom", not(test)))]
#[path = "modelled.rs"]
pub mod sync;
#[cfg(all(not(feature = "loom"), not(test)))]
#[path = "../../../core/src/sync.rs"]
pub mod sync;

#[cfg(not(test))]
pub use small::{controls, denormals, geometry};

#[cfg(not(test))]
#[path = "../../../core/src/loads.rs"]
pub mod loads;
#[cfg(not(test))]
#[path = "../../../core/src/rt/meters.rs"]
pub mod meters;
#[cfg(not(test))]
#[path = "../../../core/src/stream/mod.rs"]
pub mod stream;
#[cfg(all(feature = "loom", not(test)))]
pub mod worker;
