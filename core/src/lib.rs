//! Voxmeld's engine: streaming voice conversion with retrieval. Independent of hosts and
//! GUI.
//!
//! | thread | owns | may |
//! | --- | --- | --- |
//! | audio (the host's) | [`rt::AudioSide`] with a [`stream::StreamClient`] | push, pop, arithmetic |
//! | worker, one per instance | [`worker::Worker`] with the [`model::Voice`] | anything except calling the host |
//! | loader, one per instance | the voice being built | read files, make sessions, warm up |
//! | index, while one is built | its encoder, the vectors | read and write files, encode, train |
//! | GUI | an [`engine::EngineHandle`] | send commands, never wait for the worker |
//!
//! Start reading at [`engine::Engine`], then `worker::pipeline` for the processing of a
//! hop and [`geometry`] for its timing.
#![warn(missing_docs)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::disallowed_methods,
        reason = "a wrong cast in a test fails the test"
    )
)]

pub mod blas;
pub mod blend;
pub mod builder;
pub mod control_state;
pub mod controls;
mod denormals;
pub mod dsp;
pub mod engine;
pub mod file_kind;
pub mod frames;
pub mod geometry;
pub mod import;
pub mod indexing;
pub mod library;
pub mod loader;
pub mod loads;
pub mod model;
pub mod names;
mod onnx_proto;
pub mod pack;
mod panics;
mod pitch;
pub mod quality;
pub mod retrieval;
pub mod rt;
pub mod selection;
pub mod status;
pub mod stream;
mod sync;
pub mod units;
pub mod whole_file;
pub mod worker;

pub use units::SampleRate;
