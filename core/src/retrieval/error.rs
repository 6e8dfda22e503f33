//! What can be wrong with an index file, as a sentence for its user.

use std::path::PathBuf;

use super::sidecar::SidecarError;
use crate::file_kind::{FileKind, Place};

/// An index file that was not opened. The running voice goes on; each message
/// says what is wrong with the file and, where we know it, what would be right.
#[derive(Debug, thiserror::Error)]
pub enum IndexFileError {
    /// No file there.
    #[error("the index file {} does not exist; choose it again", path.display())]
    Missing {
        /// Where it should have been.
        path: PathBuf,
    },
    /// The system would not let us read it.
    #[error("the index file could not be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Another kind of file.
    #[error("this is not a faiss index but {found}: {}", found.advice(Place::Index))]
    NotAnIndex {
        /// What it is.
        found: FileKind,
    },
    /// A folder, a pipe, a device.
    #[error("this is not a file: choose the `added_*.index` file that the training of the voice wrote")]
    NotAFile,
    /// A faiss index from which no vectors can be read.
    #[error(
        "this is a faiss index of a kind that cannot be used ({kind}); choose or build an index like `IVF256,Flat`, `IVF256,PQ128x4fs,RFlat` or `Flat`"
    )]
    UnsupportedKind {
        /// What it is, in faiss's words.
        kind: String,
    },
    /// The file ends before what its header promises.
    #[error(
        "the index file is cut short: it has {found} bytes, its header promises at least {promised}; copy or download it again"
    )]
    Truncated {
        /// Bytes that the file should have at least.
        promised: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// Fields that contradict each other.
    #[error("the index file is damaged ({what}); copy it again or rebuild it")]
    Corrupt {
        /// Which fields.
        what: &'static str,
    },
    /// Trained but never filled: RVC's `trained_*.index`.
    #[error(
        "this index was trained but holds no vectors (a `trained_*.index` file); choose the `added_*.index` file beside it"
    )]
    TrainedOnly,
    /// No vectors.
    #[error("this index holds no vectors; rebuild it from recordings of the voice")]
    Empty,
    /// Made for another encoder.
    #[error(
        "this index holds {index}-dimensional vectors, the encoder makes {encoder}-dimensional ones; choose an index made with this encoder (RVC v1 voices have 256, v2 voices 768)"
    )]
    Dimension {
        /// Dimension of the index.
        index: usize,
        /// Dimension of the encoder.
        encoder: usize,
    },
    /// NaN or infinity among the vectors.
    #[error("this index holds values that are not numbers; rebuild it, its training features were broken")]
    NonFinite,
    /// A size beyond all sense.
    #[error("the index file declares {what} of {declared}, more than the {limit} that can be used here")]
    TooLarge {
        /// Which size.
        what: &'static str,
        /// As declared.
        declared: u64,
        /// Most that is taken.
        limit: u64,
    },
    /// Its sidecar is broken or another index's.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// faiss refused what our checks had accepted.
    #[error("faiss could not read the index: {0}")]
    Backend(String),
}
