//! The files of `voxmeld-core` in which the audio thread is at home (`rt`,
//! `stream`, `dsp`) with their own unit tests, compiled once more without the
//! models and libraries of the rest: miri takes no C++ and no files.
//!
//! `cargo xtask test` runs them under miri where the toolchain has it. Nothing of
//! them is copied.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    reason = "parts of an engine that is not here"
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
