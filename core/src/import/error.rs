//! Errors of reading a file of weights.

/// More dimensions than any weight has.
pub const MAX_RANK: usize = 8;

/// Why a file cannot be read, with what to do. Nothing in the file
/// was executed, and no size in it was trusted.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system reported an error.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Neither a PyTorch nor a safetensors file.
    #[error(
        "it is not a PyTorch file (.pth, .pt, .bin) or a .safetensors file, but {found}: choose the voice's .pth"
    )]
    OtherFormat {
        /// What the file seems to be.
        found: &'static str,
    },
    /// Cut short.
    #[error("it ends in the middle of {what}: copy or download it again")]
    Truncated {
        /// The part in which it ends.
        what: String,
    },
    /// Its parts contradict each other.
    #[error("it is damaged ({what}): copy or download it again")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// A zip archive, but not PyTorch's.
    #[error(
        "it is a zip archive without PyTorch's data.pkl: unpack it and choose the .pth in it, if there is one"
    )]
    NoPickle,
    /// A zip archive that was packed again.
    #[error(
        "its member \"{member}\" is compressed, but PyTorch never compresses: unpack the archive and choose the .pth in it"
    )]
    Compressed {
        /// Which member.
        member: String,
    },
    /// The pickle names a function or class that voices do not need.
    #[error(
        "it requests `{name}` from Python, which no voice needs and which may run code (nothing was run): get the voice from a source that you trust, or ask its author to save it again with weights only"
    )]
    ForeignGlobal {
        /// Module and name.
        name: String,
    },
    /// A feature of pickle that PyTorch's files do not use.
    #[error(
        "it uses {what}, which PyTorch's own files do not use: open it in PyTorch and save it again with weights only"
    )]
    Unsupported {
        /// The feature.
        what: String,
    },
    /// A limit that is far above any real file.
    #[error(
        "{what} is larger than in any voice (at most {limit}): the file is not a voice, or was manipulated"
    )]
    TooLarge {
        /// What is large.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
    },
    /// A tensor that is not inside its storage.
    #[error(
        "a tensor of shape {shape:?} extends beyond the {storage_len} values of its storage: the file is damaged or was manipulated; copy or download it again"
    )]
    OutOfStorage {
        /// Its shape.
        shape: Vec<u64>,
        /// Values in the storage.
        storage_len: u64,
    },
    /// A tensor whose elements share memory.
    #[error(
        "a tensor of shape {shape:?} has strides {strides:?}, so that its elements overlap: save it again as a contiguous tensor"
    )]
    Overlapping {
        /// Its shape.
        shape: Vec<u64>,
        /// Its strides.
        strides: Vec<u64>,
    },
    /// Shape and strides that do not form a tensor.
    #[error(
        "a tensor has {what}; a tensor has at most {MAX_RANK} dimensions and one stride for each: copy or download the file again"
    )]
    BadShape {
        /// What it has.
        what: String,
    },
    /// A data type that weights do not have.
    #[error(
        "`{tensor}` holds {found} instead of 16, 32 or 64 bit floating-point numbers: export the voice again"
    )]
    DataType {
        /// Which tensor.
        tensor: String,
        /// Its type.
        found: &'static str,
    },
    /// Infinite, or not a number.
    #[error(
        "`{tensor}` holds values that are infinite or not numbers: the training diverged, or the file is damaged; choose an earlier checkpoint"
    )]
    NotFinite {
        /// Which tensor.
        tensor: String,
    },
}

impl ReadError {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    pub(super) fn truncated(what: impl Into<String>) -> Self {
        Self::Truncated { what: what.into() }
    }
}
