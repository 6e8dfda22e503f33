//! RVC voices: their description in the file, and the graph of the synthesizer.

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
