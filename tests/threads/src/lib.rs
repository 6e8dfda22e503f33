//! The files of `voxmeld-core` that two threads share, compiled once more:
//! with the types of loom, a model checker, in the place of std's and ringbuf's
//! (feature `loom`), or with the real ones, for ThreadSanitizer and miri.
//!
//! Nothing of them is copied. What is not shared between threads is small here:
//! a hop of two samples, so that a whole exchange takes a few steps.
#![allow(dead_code, unused_imports, reason = "only a part of the engine is here")]

pub mod small;
#[cfg(feature = "loom")]
#[path = "modelled.rs"]
pub mod sync;
#[cfg(not(feature = "loom"))]
#[path = "../../../core/src/sync.rs"]
pub mod sync;

pub use small::{controls, geometry};

#[path = "../../../core/src/loads.rs"]
pub mod loads;
#[path = "../../../core/src/rt/meters.rs"]
pub mod meters;
#[path = "../../../core/src/stream/mod.rs"]
pub mod stream;
