//! HuBERT and ContentVec: the graph of a content encoder from its weights.

mod error;
mod graph;
mod layers;
mod parts;
mod weights;

pub use error::EncoderFileError;
pub use graph::build;
