//! The files of `voxmeld-core` that two threads share, compiled a second time: with
//! the types of loom, a model checker, in place of those of std and ringbuf (feature
//! `loom`), or with the real types, for ThreadSanitizer and miri.
//!
//! The files are included by path, not copied. Everything that is not shared between
//! threads is minimal here: a hop of two samples, so that an exchange takes a few steps.
//!
//! Compiled for its own unit tests the package is empty, because the included files
//! bring the engine's unit tests with them.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `minimal_engine` | stand-ins for the engine's controls, geometry and denormals |
//! | `sync` | the engine's, or loom's types under the same names (`loom_sync.rs`) |
//! | `loads`, `meters`, `stream` | the engine's |
//! | `worker` | the engine's worker thread around a minimal worker |
#![cfg_attr(
    not(test),
    allow(dead_code, unused_imports, reason = "only a part of the engine is compiled")
)]

#[cfg(not(test))]
pub mod minimal_engine;
#[cfg(all(feature = "loom", not(test)))]
#[path = "loom_sync.rs"]
pub mod sync;
#[cfg(all(not(feature = "loom"), not(test)))]
#[path = "../../../core/src/sync.rs"]
pub mod sync;

#[cfg(not(test))]
pub use minimal_engine::{controls, denormals, geometry};

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
