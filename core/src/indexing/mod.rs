//! From recordings of a voice to its index: decode, encode, drop silence, build,
//! measure.
//!
//! Thread: command line, or a background task. Never the audio thread or the
//! worker: this reads files and takes its time.

mod centres;
mod choice;
mod embed;
mod error;
mod finish;
mod gather;
mod job;
mod parts;
mod progress;
mod recording;
mod task;

pub use centres::{Centres, Found, minibatch_centres, recall_of_centres};
pub use choice::{Kind, Made};
pub use embed::{EncodeWindow, Kept, embed};
pub use error::IndexingError;
pub use finish::{BuildSpec, FinishError, FinishStep, file_sha256, finish};
pub use gather::{Gather, Material, Wanted, name_in};
pub use job::{Job, remove_recordings};
pub use parts::Parts;
pub use progress::Progress;
pub use recording::{Recording, RecordingError, is_recording, recordings_in};
pub use task::IndexTask;
