//! What the user chose: part of the plugin's saved state.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file outside any pack, with enough to find it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Where it was when it was chosen.
    pub path: PathBuf,
    /// Its checksum, where known.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Its size, where known.
    #[serde(default)]
    pub len_bytes: Option<u64>,
}

impl FileRef {
    /// A file of which only the place is known.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            sha256: None,
            len_bytes: None,
        }
    }
}

/// An encoder file, and how it is fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderChoice {
    /// ONNX file.
    pub path: PathBuf,
    /// Values per embedding, where it has several outputs.
    pub dim: Option<usize>,
    /// True if it wants zero mean and unit variance.
    pub normalize: bool,
}

/// Where parts come from that are not chosen one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackRef {
    /// An installed pack, by folder name.
    Embedded(String),
    /// Nowhere.
    None,
}

/// Which target is retrieved from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexRef {
    /// One of the pack's, by name.
    Pack(String),
    /// A file.
    File(FileRef),
    /// None: the live embedding alone.
    None,
}

/// By target, by recording: its weight in percent, 0 = mute. What is not named
/// has 100.
pub type TakeTable = BTreeMap<String, BTreeMap<String, u8>>;

/// A voice as the user chose it; the default is the default pack's first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceSelection {
    /// What the other fields do not name comes from here.
    pub pack: PackRef,
    /// An own content encoder.
    #[serde(default)]
    pub encoder: Option<FileRef>,
    /// An own synthesizer.
    #[serde(default)]
    pub synthesizer: Option<FileRef>,
    /// The target; `None`: the pack's first, unless the synthesizer is an own one.
    #[serde(default)]
    pub index: Option<IndexRef>,
    /// Further targets to morph to; `None`: where the target is the pack's
    /// first, the pack's others.
    #[serde(default)]
    pub others: Option<Vec<IndexRef>>,
    /// Recordings of the targets that are not at full weight.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub takes: TakeTable,
}

impl Default for VoiceSelection {
    fn default() -> Self {
        Self {
            pack: PackRef::Embedded("default".into()),
            encoder: None,
            synthesizer: None,
            index: None,
            others: None,
            takes: TakeTable::new(),
        }
    }
}

impl VoiceSelection {
    /// True if both need the same files, whatever the weights of their takes.
    #[must_use]
    pub fn same_files(&self, other: &Self) -> bool {
        let bare = |selection: &Self| Self {
            takes: TakeTable::new(),
            ..selection.clone()
        };
        bare(self) == bare(other)
    }

    /// No voice at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            pack: PackRef::None,
            encoder: None,
            synthesizer: None,
            index: None,
            others: None,
            takes: TakeTable::new(),
        }
    }

    /// True if there is nothing to load.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.pack == PackRef::None && self.encoder.is_none() && self.synthesizer.is_none()
    }
}
