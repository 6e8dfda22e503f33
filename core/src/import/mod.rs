//! Files of other programs: read with suspicion, named, and made into models.
//!
//! ```text
//! bytes ──▶ container (zip, legacy, safetensors) ──▶ pickle ──▶ Tree of values and tensors
//!                                                                 │
//!     ONNX bytes ◀── rvc (the synthesizer's graph), hubert (the encoder's) ◀── kind (what is it?)
//! ```
//!
//! Nothing of a file is executed; sizes that it claims are checked against its
//! length before anything is allocated; what cannot be used is an error in a
//! sentence that says what to do. Thread: any but the audio thread.

mod container;
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
