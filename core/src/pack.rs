//! Voice packs: folders with a whole voice, described by `pack.json`.

use crate::blend::columns::Columns;
use crate::model::VoiceLayout;
use crate::model::onnx::set_runtime_library;
use parking_lot::Mutex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the ONNX Runtime library that the bundle ships.
const RUNTIME_LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.1.31.1.dylib"
} else {
    "libonnxruntime.so.1.31.1"
};

/// A pack that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// There is no folder of that name.
    #[error("the voice pack \"{name}\" is not installed in {}: choose another pack, or reinstall the plugin", dir.display())]
    Missing {
        /// Its name.
        name: String,
        /// Where packs are.
        dir: PathBuf,
    },
    /// The data folder was not found.
    #[error(
        "Voxmeld's data folder was not found beside the plugin: reinstall the plugin together with voxmeld.data"
    )]
    NoDataDir,
    /// A file does not match its checksum, or is missing.
    #[error("{} of the voice pack is missing or damaged: reinstall the plugin together with voxmeld.data", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Its manifest cannot be read.
    #[error("the voice pack's manifest {} cannot be read: {why}", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// A file of a pack.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct PackFile {
    /// Path inside the pack.
    pub file: String,
    /// Its checksum.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// The encoder's entry.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct PackEncoder {
    /// The file.
    #[serde(flatten)]
    pub file: PackFile,
    /// Values per embedding.
    pub dim: usize,
    /// Length of the window that is encoded every hop.
    pub window_ms: usize,
    /// True if its input is normalized to zero mean and unit variance.
    #[serde(default)]
    pub input_normalize: bool,
    /// Columns with their own share of the ratio.
    #[serde(flatten)]
    pub columns: Columns,
}

/// The synthesizer's entry.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct PackSynthesizer {
    /// The file.
    #[serde(flatten)]
    pub file: PackFile,
    /// Context in frames of 10 ms.
    pub context_frames_100hz: usize,
}

/// One target voice of a pack.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct PackIndex {
    /// The file.
    #[serde(flatten)]
    pub file: PackFile,
    /// Its name in saved states.
    pub name: String,
    /// Name shown to the user.
    pub label: String,
    /// Median pitch of the voice in Hz.
    #[serde(default)]
    pub f0_median_hz: Option<f32>,
}

/// `pack.json`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct PackManifest {
    /// Name shown to the user.
    pub name: String,
    /// Content encoder.
    pub encoder: PackEncoder,
    /// Pitch tracker.
    pub pitch: PackFile,
    /// Synthesizer.
    pub synthesizer: PackSynthesizer,
    /// Target voices; the first is the default.
    pub indices: Vec<PackIndex>,
    /// Folder name, by which states and selections refer to the pack.
    #[serde(skip)]
    pub id: String,
    /// Its folder.
    #[serde(skip)]
    pub dir: PathBuf,
}

impl PackManifest {
    /// Context lengths of the pack's models.
    #[must_use]
    pub fn layout(&self) -> VoiceLayout {
        VoiceLayout {
            window_frames_50hz: self.encoder.window_ms / 20,
            context_frames_100hz: self.synthesizer.context_frames_100hz,
            columns: self.encoder.columns,
        }
    }

    /// The target of that name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&PackIndex> {
        self.indices.iter().find(|index| index.name == name)
    }

    /// Path of a file of the pack, after its checksum has been verified.
    ///
    /// # Errors
    /// [`PackError::Damaged`].
    pub fn path_of(&self, file: &PackFile) -> Result<PathBuf, PackError> {
        let path = self.dir.join(&file.file);
        let digest = sha256(&path).map_err(|_| PackError::Damaged { path: path.clone() })?;
        let intact = file
            .sha256
            .as_ref()
            .is_none_or(|expected| digest.eq_ignore_ascii_case(expected));
        if intact {
            Ok(path)
        } else {
            Err(PackError::Damaged { path })
        }
    }

    /// Reads the pack in `dir`.
    ///
    /// # Errors
    /// [`PackError::Manifest`].
    pub fn read(dir: &Path) -> Result<Self, PackError> {
        let path = dir.join("pack.json");
        let fail = |why: String| PackError::Manifest {
            path: path.clone(),
            why,
        };
        let text = std::fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
        let mut manifest: Self = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        manifest.id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        manifest.dir = dir.to_path_buf();
        Ok(manifest)
    }
}

/// Checksum of a file, read in pieces: the allocator would keep the memory of a whole file.
fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

static DATA_DIR: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Sets the folder with `packs/` and, in it or beside it, ONNX Runtime. Call once, before
/// the first engine is activated.
pub fn set_data_dir(dir: &Path) {
    // In a VST3 bundle the libraries are in the binary's folder, beside Resources.
    let binaries = ["x86_64-linux", "aarch64-linux", "x86_64-win", "MacOS"];
    let beside = dir
        .parent()
        .into_iter()
        .flat_map(|contents| binaries.map(|name| contents.join(name)));
    let places = [dir.to_path_buf(), dir.join("lib")].into_iter().chain(beside);
    if let Some(library) = places
        .map(|place| place.join(RUNTIME_LIBRARY))
        .find(|path| path.is_file())
    {
        tracing::debug!("data in {}, runtime {}", dir.display(), library.display());
        set_runtime_library(&library);
    } else {
        tracing::warn!(
            "{RUNTIME_LIBRARY} was not found for the data in {}",
            dir.display()
        );
    }
    *DATA_DIR.lock() = Some(dir.to_path_buf());
}

/// The packs folder; of `VOXMELD_DATA` if no data folder was set.
fn packs_dir() -> Option<PathBuf> {
    if DATA_DIR.lock().is_none()
        && let Some(dir) = std::env::var_os("VOXMELD_DATA")
    {
        set_data_dir(Path::new(&dir));
    }
    DATA_DIR.lock().as_ref().map(|dir| dir.join("packs"))
}

/// The sample speech that is installed with the packs, at 16 kHz.
#[must_use]
pub fn sample_speech() -> Option<PathBuf> {
    let path = packs_dir()?.parent()?.join("speech").join("allison_en.flac");
    path.is_file().then_some(path)
}

/// All packs that can be read, by folder name.
#[must_use]
pub fn installed_packs() -> Vec<PackManifest> {
    let Some(entries) = packs_dir().and_then(|dir| std::fs::read_dir(dir).ok()) else {
        return Vec::new();
    };
    let mut packs: Vec<_> = entries
        .flatten()
        .filter_map(|entry| PackManifest::read(&entry.path()).ok())
        .collect();
    packs.sort_by(|a, b| a.id.cmp(&b.id));
    packs
}

/// The pack of that folder name.
///
/// # Errors
/// See [`PackError`].
pub fn find_pack(name: &str) -> Result<PackManifest, PackError> {
    let dir = packs_dir().ok_or(PackError::NoDataDir)?;
    // A name from a saved state must not point outside the folder.
    let plain = Path::new(name).components().count() == 1 && !name.starts_with('.');
    if !plain || !dir.join(name).is_dir() {
        return Err(PackError::Missing {
            name: name.to_string(),
            dir,
        });
    }
    PackManifest::read(&dir.join(name))
}
