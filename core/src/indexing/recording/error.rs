//! Why a recording cannot be used.

use std::io;
use std::path::PathBuf;

use crate::names::shown_path;

/// A recording that cannot be used; a folder's other recordings can.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The operating system refused to open or read it.
    #[error("{} could not be read: {why}", shown_path(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        why: io::Error,
    },
    /// Not a recording, or of a kind that is not decoded.
    #[error("{} cannot be decoded: {why}", shown_path(path))]
    NotSound {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Starts as a recording, but its contents are wrong.
    #[error("{} is damaged: {why}", shown_path(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// More samples than are taken from one file.
    #[error("{} is longer than {hours} hours; cut it into parts", shown_path(path))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        hours: u64,
    },
}

/// What a source of samples reports; [`super::SoundReader`] adds the path.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file could not be read.
    Unreadable(io::Error),
    /// Not sound, or of a kind that is not decoded.
    NotSound(String),
    /// Sound that goes wrong.
    Damaged(String),
}

impl Fault {
    pub(super) fn at(self, path: &std::path::Path) -> RecordingError {
        let path = path.to_path_buf();
        match self {
            Self::Unreadable(why) => RecordingError::Unreadable { path, why },
            Self::NotSound(why) => RecordingError::NotSound { path, why },
            Self::Damaged(why) => RecordingError::Damaged { path, why },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(why: io::Error) -> Self {
        Self::Unreadable(why)
    }
}
