//! Recordings as people have them: what a file holds, as one channel of samples, block by block.
//!
//! [`SoundReader`] opens a file and hands out blocks in bounded memory; [`Recording`] holds a whole file. WAV and
//! its relatives are read by [`wav`], everything else by symphonia ([`container`]), Opus packets by libopus
//! ([`decoder`]). No decoder is trusted: each call runs where a panic is caught.

mod container;
mod decoder;
mod error;
mod file_kind;
mod folder;
mod mkv;
mod mp4;
mod reader;
mod resample;
mod source;
mod wav;
mod whole;

pub use error::RecordingError;
pub use folder::{Listing, is_recording, recordings_in};
pub use reader::SoundReader;
pub use resample::Resampler;
pub use whole::Recording;

#[cfg(test)]
mod tests;
