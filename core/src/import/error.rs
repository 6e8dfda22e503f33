//! Why a file of weights cannot be read.

/// More dimensions than any weight has.
pub const MAX_RANK: usize = 8;

/// A file that cannot be read, as a sentence that says what to do. Nothing of
/// it was executed, and what it claims of itself was not believed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system's own reason.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Neither of the two.
    #[error(
        "it is neither a PyTorch file (.pth, .pt, .bin) nor a .safetensors file but {found}: choose the voice's .pth"
    )]
    OtherFormat {
        /// What it looks like, in words.
        found: &'static str,
    },
    /// Cut short.
    #[error("it ends in the middle of {what}: copy or download it again")]
    Truncated {
        /// Where it ends.
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
        "it is a zip archive without PyTorch's data.pkl: unpack it and choose the .pth that is in it, if there is one"
    )]
    NoPickle,
    /// A zip archive that was packed again.
    #[error(
        "its member \"{member}\" is compressed, which PyTorch never does: unpack the archive and choose the .pth that is in it"
    )]
    Compressed {
        /// Which member.
        member: String,
    },
    /// Code, or an object that no voice needs.
    #[error(
        "it asks Python for `{name}`, which a voice has no need of and which may run code; nothing was run: get the voice from a source that you trust, or let its author save it again with weights only"
    )]
    ForeignGlobal {
        /// Module and name.
        name: String,
    },
    /// Something that pickle can do and PyTorch's files do not.
    #[error(
        "it uses {what}, which PyTorch's own files do not: open it in PyTorch and save it again with weights only"
    )]
    Unsupported {
        /// What, in words.
        what: String,
    },
    /// A limit that no real file comes near.
    #[error("{what} is larger than any voice's ({limit} at most): it is no voice, or forged")]
    TooLarge {
        /// What is large.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
    },
    /// A tensor that is not inside of its storage.
    #[error(
        "a tensor of shape {shape:?} reaches beyond the {storage_len} values of its storage: the file is damaged or forged"
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
    /// Shape and strides that are no tensor's.
    #[error("a tensor has {what}; tensors have at most {MAX_RANK} dimensions and one stride for each")]
    BadShape {
        /// What it has.
        what: String,
    },
    /// A type of number that weights do not have.
    #[error("`{tensor}` holds {found} where 16, 32 or 64 bit floating point numbers are needed")]
    DataType {
        /// Which tensor.
        tensor: String,
        /// Its type.
        found: &'static str,
    },
    /// Infinite, or not a number.
    #[error(
        "`{tensor}` holds values that are infinite or not numbers: its training went wrong, or it was damaged; choose an earlier checkpoint"
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
