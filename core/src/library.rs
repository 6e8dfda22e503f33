//! The user's own voices, each in a folder with a `voice.toml`, and the encoders
//! that they need.
//!
//! ```text
//! <own folder>/voices/NAME/voice.toml, NAME.pth, NAME.index, picture
//! <own folder>/encoders/hubert_base.pt
//! <own folder>/search.txt      folders in which moved files are searched
//! ```
//! Thread: loader, main, command line; reads from disk.

mod archive;
mod encoders;
mod identity;
mod import;
mod manifest;
mod pairing;
mod place;
mod relink;
mod sorting;
mod wanted_encoder;

pub use archive::ArchiveError;
pub use encoders::installed_encoder;
pub use identity::identify;
pub use import::{ImportError, Imported, import};
pub use manifest::{LibraryVoice, ManifestError, VoiceManifest, VoicePart};
pub use place::{add_search_folder, own_dir, search_folders, set_own_dir};
pub use relink::relink;
pub use wanted_encoder::WantedEncoder;

use std::path::Path;

/// Folder of the voices in the user's own folder.
const VOICES: &str = "voices";

/// The voices in `own`, sorted by name; folders whose `voice.toml` cannot be read are skipped.
#[must_use]
pub fn voices(own: &Path) -> Vec<LibraryVoice> {
    let Ok(entries) = std::fs::read_dir(own.join(VOICES)) else {
        return Vec::new();
    };
    let mut voices: Vec<LibraryVoice> = entries
        .flatten()
        .filter_map(|entry| LibraryVoice::read(&entry.path()).ok())
        .collect();
    voices.sort_by_cached_key(|voice| voice.manifest.name.to_lowercase());
    voices
}

/// Which encoder to choose for a voice that neither has its own nor an installed one; `None` if
/// none is missing, or if it is not known.
#[must_use]
pub fn missing_encoder(voice: &LibraryVoice, own: &Path) -> Option<String> {
    let dim = voice.manifest.embedding?;
    if voice.manifest.encoder.is_some() || installed_encoder(own, dim).is_some() {
        return None;
    }
    let wanted = WantedEncoder { dim };
    Some(format!("it needs {}: choose {}", wanted.what(), wanted.advice()))
}
