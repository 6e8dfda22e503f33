//! RVC voices: their description in the file, and the graph of the synthesizer.

mod builder;
mod config;
mod eight_bits;
mod error;
mod flow;
mod generator;
mod graph;
mod late;
mod memory;
mod ranges;
mod remembering;
mod shape;
mod source;
mod stream_graph;
mod text;
mod voice;
mod weights;

pub use error::VoiceFileError;
pub use graph::build;
pub use ranges::{LayerRange, Precision, Ranges, Span, watched};
pub use shape::{Shape, Stage};
pub use stream_graph::{FIRST_FRAMES, StreamGraph, build_stream, late_samples};
pub use voice::{Version, Voice};
