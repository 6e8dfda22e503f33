//! What Voxmeld's whole-system tests, its demo and its bench share.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`env`] | where the bundle, the data and the recordings are |
//! | [`host`] | a headless CLAP host around the built `voxmeld.clap` |
//! | [`bare`] | the same without any care: calls into the plugin from inside of its calls |
//! | [`child`] | cases in processes of their own |
//! | [`rig`] | the engine itself, driven as a host would, without a plugin around it |
//! | [`voices`] | fake voices that stall, fail and lie, on command |
//! | [`load`] | a machine that is as slow as a test wants it |
//! | [`audio`] | reading, writing and resampling of sound files |
//! | [`embeddings`] | what blending finds for a sound, without the stream around it |
//! | [`fenced`] | memory that ends where nothing may be read |
//! | [`foreign`] | sounds that are no speech |
//! | [`hops`] | what the engine tells about every hop |
//! | [`signal`] | test signals and what is measured on them |
//! | [`display`] | an X server without a screen, and a host's windows on it |
//! | [`machine`] | what figures were measured on |
//! | [`vst3`] | a headless VST3 host, as the standard describes one |
//! | [`onnx`] | small ONNX files, made as they are wanted |
//!
//! The tests are in `tests/`, one program per theme with a module per subject;
//! a file that they need and do not find fails them.
#![warn(missing_docs)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    reason = "test equipment works on a few minutes of audio at most: no count comes near a limit"
)]

pub mod audio;
pub mod bare;
pub mod child;
pub mod display;
pub mod embeddings;
pub mod env;
pub mod fenced;
pub mod foreign;
pub mod hops;
pub mod host;
pub mod load;
pub mod machine;
pub mod onnx;
pub mod rig;
pub mod signal;
pub mod voices;
pub mod vst3;
pub mod watch;

/// A line on the terminal; a program's own output, so that a closed pipe is no
/// reason to fail.
pub fn say(line: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
