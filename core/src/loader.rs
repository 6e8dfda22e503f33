//! The loader thread: turns a selection into a voice.

mod eight_bits;
mod error;
mod files;
mod notes;
mod parts;
mod targets;
mod thread;
mod voice;
mod voice_delay;

pub use error::LoadError;
pub use notes::notes;
pub use thread::{LoadVoice, LoaderCommand, LoaderThread};
pub use voice::{load_voice, load_voice_as};
pub use voice_delay::expected_delay_us;
