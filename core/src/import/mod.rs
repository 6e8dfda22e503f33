//! Weight files of other programs: untrusted files are read, recognised, and turned into models.
//!
//! ```text
//! bytes ──▶ container (zip, legacy, safetensors) ──▶ pickle ──▶ Tree of values and tensors
//!                                                                 │
//!     ONNX bytes ◀── rvc (the synthesizer's graph), hubert (the encoder's) ◀── kind (what is it?)
//! ```
//!
//! Nothing in a file is executed; sizes in it are checked against its
//! length before anything is allocated; a file that cannot be used gives an error
//! that says what to do. Thread: any except the audio thread.

mod container;
mod eight_bits;
mod encoder;
mod error;
mod graph;
pub mod hubert;
mod kind;
mod names;
mod pickle;
pub mod rvc;
mod tensor;

pub use container::{WeightsFile, looks_like_weights};
pub use encoder::{EncoderFacts, EncoderNames};
pub use error::ReadError;
pub use kind::{ModelKind, RecognizeError};
