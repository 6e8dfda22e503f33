//! What Voxmeld's whole-system tests, its demo and its benchmarks share.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`env`] | paths of the bundle, the data and the recordings |
//! | [`host`] | a headless CLAP host around the built `voxmeld.clap` |
//! | [`raw_clap_host`] | a CLAP host of C calls, which can call the plugin from inside the plugin's calls |
//! | [`vst3`] | a headless VST3 host that follows the standard |
//! | [`child`] | test cases in child processes |
//! | [`rig`] | the engine without a plugin, driven block by block |
//! | [`fake_voices`] | fake voices that inject faults on command |
//! | [`sessions`] | saved sessions of every format, as hosts stored them |
//! | [`simulated_load`] | a simulated machine of any speed |
//! | [`allocations`] | an allocator that counts calls of the audio thread |
//! | [`audio`] | reading, writing and resampling of audio files |
//! | [`embeddings`] | embeddings and retrieval without a stream |
//! | [`field_levels`] | typical inputs at defined levels |
//! | [`fenced`] | memory that ends at an inaccessible page |
//! | [`non_speech`] | synthetic sounds other than speech |
//! | [`hops`] | the engine's reports about every hop |
//! | [`signal`] | test signals and measurements on audio |
//! | [`display`] | a virtual X server, and a host's windows on it |
//! | [`machine`] | the machine that figures were measured on |
//! | [`onnx`] | small ONNX files, written by the tests |
//!
//! The tests are in `tests/`, one program per theme with a module per subject. A test
//! whose files are missing fails.
#![warn(missing_docs)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    reason = "tests work on a few minutes of audio at most: no count comes near a limit"
)]

pub mod allocations;
pub mod audio;
pub mod child;
pub mod display;
pub mod embeddings;
pub mod env;
pub mod fake_voices;
pub mod fenced;
pub mod field_levels;
pub mod hops;
pub mod host;
pub mod machine;
pub mod non_speech;
pub mod onnx;
pub mod periodicity;
pub mod random_models;
pub mod raw_clap_host;
pub mod rig;
pub mod sessions;
pub mod signal;
pub mod simulated_load;
pub mod vst3;

/// Writes a line to stdout. A closed pipe is not an error.
pub fn say(line: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
