//! Imports files into the library.

use super::VOICES;
use super::archive::{self, ArchiveError};
use super::encoders::ENCODERS;
use super::identity::identify;
use super::manifest::{LibraryVoice, ManifestError, VoiceManifest, VoicePart};
use super::pairing::{index_of, stem, voice_name};
use super::sorting::{FoundVoice, Sorted};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest name of a folder, in characters.
const MAX_NAME: usize = 80;
/// Maximum number of voices with the same name.
const MAX_SAME_NAME: usize = 1000;

/// Result of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// The imported voices.
    pub voices: Vec<LibraryVoice>,
    /// The installed encoders.
    pub encoders: Vec<PathBuf>,
    /// One sentence for each file that was left out.
    pub left_out: Vec<String>,
}

/// Errors of an import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// None of the files can be used.
    #[error("there is no voice and no encoder among these files: choose an RVC voice's .pth, its .index, or a .zip of both{}", listed(.left_out))]
    Nothing {
        /// One sentence for each file.
        left_out: Vec<String>,
    },
    /// An archive cannot be used.
    #[error("{} cannot be used: {why}", path.display())]
    Archive {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: ArchiveError,
    },
    /// The library's folder cannot be written, or a file cannot be read.
    #[error("{} cannot be copied into the library: {why}", path.display())]
    Copy {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// `voice.toml`.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

fn listed(left_out: &[String]) -> String {
    left_out.iter().map(|line| format!("; {line}")).collect()
}

/// Imports voices (`.pth`, `.safetensors`, `.onnx`) with their indices, archives of
/// them, and encoders into `own`. For a voice without an index in `files`, the index of the
/// same name in its folder is used. Files are copied. `licence` is stored unchanged.
///
/// # Errors
/// See [`ImportError`]; unfinished folders are removed.
pub fn import(files: &[PathBuf], own: &Path, licence: Option<&str>) -> Result<Imported, ImportError> {
    let voices = own.join(VOICES);
    fs::create_dir_all(&voices).map_err(copying(&voices))?;
    let scratch = Scratch::new(&voices)?;
    let mut sorted = Sorted::default();
    for file in files {
        sorted.add(file, true);
    }
    let mut imported = Imported::default();
    for archive in std::mem::take(&mut sorted.archives) {
        let folder = scratch.folder()?;
        let unpacked = archive::unpack(&archive, &folder).map_err(|why| ImportError::Archive {
            path: archive.clone(),
            why,
        })?;
        let mut inside = Sorted::default();
        for file in &unpacked {
            inside.add(file, false);
        }
        imported.take(&inside, own, &scratch, licence)?;
    }
    imported.take(&sorted, own, &scratch, licence)?;
    if imported.voices.is_empty() && imported.encoders.is_empty() {
        return Err(ImportError::Nothing {
            left_out: imported.left_out,
        });
    }
    Ok(imported)
}

impl Imported {
    /// Imports files that belong together: those of an archive, or of one command.
    fn take(
        &mut self,
        sorted: &Sorted,
        own: &Path,
        scratch: &Scratch,
        licence: Option<&str>,
    ) -> Result<(), ImportError> {
        self.left_out.extend_from_slice(&sorted.left_out);
        let mut unused = sorted.indices.clone();
        for voice in &sorted.voices {
            let index = index_of(&voice.path, &sorted.indices, sorted.voices.len())
                .or_else(|| index_of(&voice.path, &neighbours(&voice.path), usize::MAX));
            unused.retain(|unused| Some(unused) != index.as_ref());
            let picture = match &sorted.pictures[..] {
                [first, ..] if sorted.voices.len() == 1 => Some(first.as_path()),
                pictures => pictures
                    .iter()
                    .find(|picture| stem(picture) == stem(&voice.path))
                    .map(PathBuf::as_path),
            };
            let made = make(voice, index.as_deref(), picture, own, scratch, licence)?;
            self.voices.push(made);
        }
        self.left_out.extend(unused.iter().map(|index| {
            format!(
                "{} was left out: no voice with its name is among the files",
                index.display()
            )
        }));
        for encoder in &sorted.encoders {
            let folder = own.join(ENCODERS);
            fs::create_dir_all(&folder).map_err(copying(&folder))?;
            let target = folder.join(encoder.file_name().unwrap_or_default());
            if *encoder != target {
                let part = target.with_extension("part");
                fs::copy(encoder, &part).map_err(copying(encoder))?;
                fs::rename(&part, &target).map_err(copying(&target))?;
            }
            self.encoders.push(target);
        }
        Ok(())
    }
}

/// Indices in the folder of a voice.
fn neighbours(voice: &Path) -> Vec<PathBuf> {
    let Some(entries) = voice.parent().and_then(|folder| fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut indices: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    indices.retain(|path| path.extension().is_some_and(|extension| extension == "index"));
    indices.retain(|path| !super::pairing::is_trained_only(path));
    indices.sort();
    indices
}

/// Copies a voice into a folder of its own, which appears when it is complete.
fn make(
    voice: &FoundVoice,
    index: Option<&Path>,
    picture: Option<&Path>,
    own: &Path,
    scratch: &Scratch,
    licence: Option<&str>,
) -> Result<LibraryVoice, ImportError> {
    let staged = scratch.folder()?;
    let name = voice_name(&stem(&voice.path));
    let mut manifest = VoiceManifest::new(name, copy(&voice.path, &staged)?);
    if let Some(same) = already_there(own, &manifest, index.is_some()) {
        return Ok(same);
    }
    if let Some(facts) = &voice.facts {
        manifest.embedding = Some(facts.embedding);
        manifest.rate_hz = Some(facts.rate_hz);
        manifest.f0 = Some(facts.f0);
        manifest.speakers = Some(facts.speakers);
        manifest.info.clone_from(&facts.info);
    }
    if let Some(licence) = licence {
        manifest.licence = licence.to_string();
    }
    manifest.index = index.map(|index| copy(index, &staged)).transpose()?;
    if let Some(sidecar) = index
        .map(|index| index.with_extension("index.json"))
        .filter(|sidecar| sidecar.is_file())
    {
        copy(&sidecar, &staged)?;
    }
    manifest.picture = picture.map(|picture| copy(picture, &staged)).transpose()?;
    manifest.write(&staged)?;
    let folder = free_folder(&own.join(VOICES), &manifest.name);
    fs::rename(&staged, &folder).map_err(copying(&folder))?;
    Ok(LibraryVoice::read(&folder)?)
}

/// A voice of the library with the same weights; `None` if the import would add an index to it.
fn already_there(own: &Path, manifest: &VoiceManifest, with_index: bool) -> Option<LibraryVoice> {
    super::voices(own).into_iter().find(|voice| {
        voice.manifest.voice.sha256 == manifest.voice.sha256
            && (voice.manifest.index.is_some() || !with_index)
    })
}

fn copy(from: &Path, folder: &Path) -> Result<VoicePart, ImportError> {
    let file = from.file_name().unwrap_or_default();
    let target = folder.join(file);
    fs::copy(from, &target).map_err(copying(from))?;
    let unreadable = || copying(&target)(std::io::ErrorKind::UnexpectedEof.into());
    let found = identify(&target, || false).ok_or_else(unreadable)?;
    Ok(VoicePart {
        file: file.to_string_lossy().into_owned(),
        sha256: found.sha256.unwrap_or_default(),
        bytes: found.len_bytes.unwrap_or_default(),
    })
}

fn copying(path: &Path) -> impl Fn(std::io::Error) -> ImportError {
    let path = path.to_path_buf();
    move |why| ImportError::Copy {
        path: path.clone(),
        why,
    }
}

/// A folder that does not exist yet, named like the voice.
fn free_folder(voices: &Path, name: &str) -> PathBuf {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let plain: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(MAX_NAME)
        .collect();
    let plain = match plain.trim() {
        "" => "voice",
        plain => plain,
    };
    let names = std::iter::once(plain.to_string()).chain((2..=MAX_SAME_NAME).map(|n| format!("{plain} {n}")));
    let mut folders = names.map(|name| voices.join(name));
    let free = folders.find(|folder| !folder.exists());
    free.unwrap_or_else(|| voices.join(plain))
}

/// A temporary folder inside the library, removed when this value is dropped.
struct Scratch {
    folder: PathBuf,
    made: std::cell::Cell<usize>,
}

impl Scratch {
    fn new(voices: &Path) -> Result<Self, ImportError> {
        // Imports that run at the same time need different names.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let folder = voices.join(format!(".import-{}", now.unwrap_or_default().as_nanos()));
        fs::create_dir_all(&folder).map_err(copying(&folder))?;
        Ok(Self {
            folder,
            made: std::cell::Cell::new(0),
        })
    }

    /// A new empty folder.
    fn folder(&self) -> Result<PathBuf, ImportError> {
        self.made.set(self.made.get() + 1);
        let folder = self.folder.join(self.made.get().to_string());
        fs::create_dir_all(&folder).map_err(copying(&folder))?;
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
