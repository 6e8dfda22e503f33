//! The containers that weights come in: PyTorch's zip archive, the container
//! that it wrote before 1.6, and safetensors.
//!
//! A file is opened by its structure alone; values are read tensor by tensor,
//! in place, so that a checkpoint of gigabytes costs no more than what is
//! wanted of it.

mod file;
mod legacy;
mod place;
mod safetensors;
mod sniff;
mod source;
mod zip;

pub use file::{WeightsFile, looks_like_weights};
