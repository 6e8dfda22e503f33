//! `voice.toml`: the description of a voice in the library.

use crate::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the format.
const FORMAT: u32 = 1;
/// Name of the file.
const FILE: &str = "voice.toml";
/// Largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Why a `voice.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The system's reason.
    #[error("{} cannot be read or written: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Invalid content.
    #[error("{} is damaged ({why}): correct it, or import the voice again", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// A file of a voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoicePart {
    /// Its name in the voice's folder.
    pub file: String,
    /// Its checksum.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// The content of `voice.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoiceManifest {
    /// Version of the format.
    pub format: u32,
    /// Name shown to the user.
    pub name: String,
    /// Values per embedding that it was trained with, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// Rate of its audio, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<u32>,
    /// False for a voice without a pitch input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f0: Option<bool>,
    /// Number of speakers, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speakers: Option<usize>,
    /// Initial speaker.
    #[serde(default)]
    pub speaker: u32,
    /// Initial pitch shift, in semitones.
    #[serde(default)]
    pub pitch_shift: f32,
    /// Initial formant shift, in semitones, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formant_shift: Option<f32>,
    /// Initial blend ratio, 0..1, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f32>,
    /// Licence, in the author's words.
    #[serde(default)]
    pub licence: String,
    /// RVC's notes on its training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
    /// The synthesizer.
    pub voice: VoicePart,
    /// The index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<VoicePart>,
    /// Its own encoder; without one, the chosen or an installed encoder is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<VoicePart>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<VoicePart>,
}

impl VoiceManifest {
    /// A manifest with only the required fields.
    #[must_use]
    pub fn new(name: String, voice: VoicePart) -> Self {
        Self {
            format: FORMAT,
            name,
            embedding: None,
            rate_hz: None,
            f0: None,
            speakers: None,
            speaker: 0,
            pitch_shift: 0.0,
            formant_shift: None,
            ratio: None,
            licence: "unknown".into(),
            info: None,
            voice,
            index: None,
            encoder: None,
            picture: None,
        }
    }

    fn parts(&self) -> impl Iterator<Item = &VoicePart> {
        let others = [&self.index, &self.encoder, &self.picture];
        std::iter::once(&self.voice).chain(others.into_iter().flatten())
    }

    /// Writes it into a voice's folder.
    ///
    /// # Errors
    /// [`ManifestError::File`].
    pub fn write(&self, folder: &Path) -> Result<(), ManifestError> {
        let path = folder.join(FILE);
        let text = toml::to_string(self).map_err(|error| ManifestError::Broken {
            path: path.clone(),
            why: error.to_string(),
        })?;
        std::fs::write(&path, text).map_err(|why| ManifestError::File { path, why })
    }
}

/// A voice of the library.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryVoice {
    /// Its folder.
    pub folder: PathBuf,
    /// Its `voice.toml`.
    pub manifest: VoiceManifest,
}

impl LibraryVoice {
    /// Reads a voice's folder.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(FILE);
        let failed = |why| ManifestError::File {
            path: path.clone(),
            why,
        };
        let broken = |why: String| ManifestError::Broken {
            path: path.clone(),
            why,
        };
        if std::fs::metadata(&path).map_err(failed)?.len() > MAX_BYTES {
            return Err(broken("it is too long".into()));
        }
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let manifest: VoiceManifest =
            toml::from_str(&text).map_err(|error| broken(first_line(error.message())))?;
        if manifest.format > FORMAT {
            return Err(broken("it was written by a newer Voxmeld".into()));
        }
        for part in manifest.parts() {
            let file = Path::new(&part.file);
            // Nothing outside the folder is read.
            if file.components().count() != 1 || file.file_name().is_none() {
                return Err(broken(format!("\"{}\" is not a file in its folder", part.file)));
            }
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
        })
    }

    /// The selection of this voice in place of `before`. If the voice has no encoder of its own, the
    /// encoder that the user had chosen is kept.
    #[must_use]
    pub fn selection(&self, before: &VoiceSelection) -> VoiceSelection {
        let manifest = &self.manifest;
        let pack = match &before.pack {
            PackRef::None => PackRef::Embedded("default".into()),
            pack @ PackRef::Embedded(_) => pack.clone(),
        };
        VoiceSelection {
            pack,
            encoder: match &manifest.encoder {
                Some(encoder) => Some(self.file(encoder)),
                None => before.encoder.clone(),
            },
            pitch: before.pitch.clone(),
            synthesizer: Some(self.file(&manifest.voice)),
            index: Some(match &manifest.index {
                Some(index) => IndexRef::File(self.file(index)),
                None => IndexRef::None,
            }),
            ..VoiceSelection::default()
        }
    }

    /// True if this is the voice of a selection.
    #[must_use]
    pub fn is_chosen(&self, selection: &VoiceSelection) -> bool {
        let path = self.folder.join(&self.manifest.voice.file);
        selection
            .synthesizer
            .as_ref()
            .is_some_and(|file| file.path == path)
    }

    fn file(&self, part: &VoicePart) -> FileRef {
        FileRef {
            path: self.folder.join(&part.file),
            sha256: Some(part.sha256.clone()),
            len_bytes: Some(part.bytes),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(file: &str) -> VoicePart {
        VoicePart {
            file: file.into(),
            sha256: "ab".repeat(32),
            bytes: 7,
        }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("voxmeld-manifest-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn a_written_voice_is_read_back_unchanged() {
        let folder = folder("whole");
        let manifest = VoiceManifest {
            embedding: Some(768),
            pitch_shift: -3.5,
            ratio: Some(0.75),
            index: Some(part("added ü.index")),
            ..VoiceManifest::new("Sängerin \"1\"".into(), part("声.pth"))
        };
        manifest.write(&folder).expect("written");
        let read = LibraryVoice::read(&folder).expect("read");
        assert_eq!(read.manifest, manifest);
        let selection = read.selection(&VoiceSelection::nothing());
        assert!(read.is_chosen(&selection));
        assert_eq!(
            selection.synthesizer.expect("a voice").path,
            folder.join("声.pth")
        );
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn files_outside_the_folder_newer_formats_and_garbage_are_rejected() {
        let folder = folder("bad");
        for (name, format, garbage) in [
            ("../other.pth", 1, ""),
            ("/etc/passwd", 1, ""),
            ("..", 1, ""),
            ("a.pth", 2, ""),
            ("a.pth", 1, "= 3"),
        ] {
            let mut manifest = VoiceManifest::new("x".into(), part(name));
            manifest.format = format;
            manifest.write(&folder).expect("written");
            let path = folder.join(FILE);
            let text = std::fs::read_to_string(&path).expect("text");
            std::fs::write(&path, text + garbage).expect("written");
            assert!(LibraryVoice::read(&folder).is_err(), "{name} {format} {garbage}");
        }
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
