//! The user's choice of voice: part of the plugin's saved state.

mod files;

pub use files::KnownFiles;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file outside any pack, and what identifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its path when it was chosen.
    pub path: PathBuf,
    /// Its checksum, where known.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Its size, where known.
    #[serde(default)]
    pub len_bytes: Option<u64>,
}

impl FileRef {
    /// A file of which only the path is known.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            sha256: None,
            len_bytes: None,
        }
    }
}

/// An encoder file, and how its input is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderChoice {
    /// ONNX file.
    pub path: PathBuf,
    /// Values per embedding, where it has several outputs.
    pub dim: Option<usize>,
    /// True if its input is normalized to zero mean and unit variance.
    pub normalize: bool,
}

/// Where the parts come from that are not chosen one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackRef {
    /// An installed pack, by folder name.
    Embedded(String),
    /// No pack.
    None,
}

/// The index of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexRef {
    /// One of the pack's, by name.
    Pack(String),
    /// A file.
    File(FileRef),
    /// None: the live embedding alone.
    None,
}

/// Weight of each recording of each target in percent, 0 = mute. Recordings that are
/// not listed have 100.
pub type TakeTable = BTreeMap<String, BTreeMap<String, u8>>;

/// A voice as the user chose it; the default is the default pack's first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceSelection {
    /// Source of the parts that the other fields do not name.
    pub pack: PackRef,
    /// Encoder file in place of the pack's.
    #[serde(default)]
    pub encoder: Option<FileRef>,
    /// Pitch tracker file in place of the pack's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch: Option<FileRef>,
    /// Synthesizer file in place of the pack's.
    #[serde(default)]
    pub synthesizer: Option<FileRef>,
    /// The target; `None`: the pack's first, unless the synthesizer is a file of the user's.
    #[serde(default)]
    pub index: Option<IndexRef>,
    /// Further targets to morph to; `None`: the pack's others, if the target is the
    /// pack's first.
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
            pitch: None,
            synthesizer: None,
            index: None,
            others: None,
            takes: TakeTable::new(),
        }
    }
}

impl VoiceSelection {
    /// True if both need the same files, whatever their take weights, and whether or not
    /// sizes and checksums are known.
    #[must_use]
    pub fn same_files(&self, other: &Self) -> bool {
        self.paths_only() == other.paths_only()
    }

    /// True if both have the same models; indices may differ.
    #[must_use]
    pub fn same_models(&self, other: &Self) -> bool {
        let models = |selection: &Self| Self {
            index: None,
            others: None,
            ..selection.paths_only()
        };
        models(self) == models(other)
    }

    fn paths_only(&self) -> Self {
        let mut bare = Self {
            takes: TakeTable::new(),
            ..self.clone()
        };
        for file in bare.files_mut() {
            file.sha256 = None;
            file.len_bytes = None;
        }
        bare
    }

    /// No voice.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            pack: PackRef::None,
            encoder: None,
            pitch: None,
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
