//! RVC voices: what a file says of itself, and the graph of its synthesizer.

mod builder;
mod config;
mod error;
mod flow;
mod generator;
mod graph;
mod shape;
mod source;
mod text;
mod voice;
mod weights;

pub use error::VoiceFileError;
pub use graph::build;
pub use shape::{Shape, Stage};
pub use voice::{Version, Voice};
