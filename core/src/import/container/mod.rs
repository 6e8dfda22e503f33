//! The containers of weights: PyTorch's zip archive, the container
//! that it wrote before 1.6, and safetensors.
//!
//! Opening a file reads only its structure; values are read tensor by tensor,
//! in place, so that of a checkpoint of gigabytes only the needed tensors
//! are loaded.

mod file;
mod legacy;
mod place;
mod safetensors;
mod sniff;
mod source;
mod zip;

pub use file::{WeightsFile, looks_like_weights};
