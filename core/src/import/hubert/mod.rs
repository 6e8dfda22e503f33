//! HuBERT and ContentVec: the graph of a content encoder from its weights.

mod eight_bits;
mod error;
mod graph;
mod layers;
mod memory;
mod parts;
mod remembering;
mod weights;

pub use error::EncoderFileError;
pub use graph::{Build, build, build_as};
