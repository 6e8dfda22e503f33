//! The files of `voxmeld-core` that run on the audio thread (`rt`, `stream`, `dsp`), with their unit tests, compiled a
//! second time without models and libraries: miri supports neither C++ nor file access.
//!
//! `cargo xtask test` runs them under miri where the toolchain has it. The files are included by path, not copied.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    reason = "the rest of the engine is not in this package"
)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::disallowed_methods,
        reason = "as in the engine"
    )
)]

#[path = "../../../core/src/controls/mod.rs"]
pub mod controls;
#[path = "../../../core/src/denormals.rs"]
mod denormals;
#[path = "../../../core/src/dsp/mod.rs"]
pub mod dsp;
#[path = "../../../core/src/geometry.rs"]
pub mod geometry;
#[path = "../../../core/src/rt/mod.rs"]
pub mod rt;
#[path = "../../../core/src/stream/mod.rs"]
pub mod stream;
#[path = "../../../core/src/sync.rs"]
mod sync;
#[path = "../../../core/src/units.rs"]
pub mod units;

pub use units::SampleRate;
