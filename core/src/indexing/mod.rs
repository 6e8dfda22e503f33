//! From recordings of a voice to its index: decode, find the speech, encode, build, measure.
//!
//! Thread: command line, or a background task. Never the audio thread or the
//! worker: this reads files and takes its time.

mod centres;
mod choice;
mod collect;
mod embed;
mod encode;
mod error;
mod features;
mod finish;
mod gather;
mod job;
mod material;
mod median_pitch;
mod parts;
mod progress;
mod recording;
mod speech;
mod task;
mod windows;
mod workers;

pub use centres::{Centres, Found, minibatch_centres, recall_of_centres};
pub use choice::{BuiltIndex, IndexKind};
pub use embed::{EncodeWindow, SpeechEmbeddings};
pub use error::IndexingError;
pub use features::{FeaturesError, parse_npy};
pub use finish::{BuildSpec, FinishError, FinishStep, file_sha256, finish};
pub use gather::Gather;
pub use job::{Job, remove_recordings};
pub use material::{Material, RecordingFile, name_in};
pub use parts::Parts;
pub use progress::Progress;
pub use recording::{
    Listing, Recording, RecordingError, Resampler, SoundReader, is_recording, recordings_in,
};
pub use task::IndexTask;
