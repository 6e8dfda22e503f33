//! The loader thread: turns a selection into a voice.

mod error;
mod files;
mod notes;
mod parts;
mod targets;
mod thread;
mod voice;

pub use error::LoadError;
pub use notes::notes;
pub use thread::{LoadVoice, LoaderCommand, LoaderThread};
pub use voice::load_voice;
