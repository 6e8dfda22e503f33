//! From recordings of a voice to its index: decode, encode, drop silence.
//!
//! Thread: command line, or a background task. Never the audio thread or the
//! worker: this reads files and takes its time.

mod embed;
mod finish;
mod recording;

pub use embed::{EncodeWindow, Kept, embed};
pub use finish::{BuildSpec, FinishError, file_sha256, finish};
pub use recording::{Recording, RecordingError, is_recording, recordings_in};
