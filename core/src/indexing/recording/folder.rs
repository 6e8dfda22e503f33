//! The recordings in a folder, and what else is in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::{shown, shown_path};

/// Extensions of files that are read.
const EXTENSIONS: [&str; 29] = [
    "wav", "wave", "bwf", "rf64", "w64", "flac", "fla", "mp3", "mp2", "mp1", "mpga", "ogg", "oga", "opus",
    "m4a", "m4b", "m4r", "mp4", "mov", "3gp", "aac", "webm", "weba", "mka", "mkv", "aif", "aiff", "aifc",
    "caf",
];

/// What a folder and its folders hold.
#[derive(Debug, Default)]
pub struct Listing {
    /// Recordings, by name.
    pub recordings: Vec<PathBuf>,
    /// Files that are no recordings by their names: kind (their extension) and number.
    pub other_kinds: BTreeMap<String, usize>,
    /// Folders that could not be listed, with the operating system's error.
    pub unreadable: Vec<(PathBuf, std::io::Error)>,
}

impl Listing {
    /// Sentences about all that is left out; none if nothing is.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .unreadable
            .iter()
            .map(|(folder, why)| format!("the folder {} cannot be read: {why}", shown_path(folder)))
            .collect();
        if !self.other_kinds.is_empty() {
            let count: usize = self.other_kinds.values().sum();
            let kinds = self
                .other_kinds
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"));
            let (files, are) = if count == 1 {
                ("file", "is")
            } else {
                ("files", "are")
            };
            lines.push(format!(
                "{count} {files} that {are} no recordings by name: {}",
                kinds.collect::<Vec<_>>().join(", ")
            ));
        }
        lines
    }

    fn count(&mut self, kind: String) {
        *self.other_kinds.entry(kind).or_default() += 1;
    }
}

/// True if a file's name says that it is a recording.
#[must_use]
pub fn is_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|found| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

/// Lists a folder and its folders. A folder inside that cannot be read is noted, the rest is listed.
///
/// # Errors
/// If the folder itself cannot be listed.
pub fn recordings_in(folder: &Path) -> std::io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders = vec![(folder.to_path_buf(), std::fs::read_dir(folder)?)];
    while let Some((folder, entries)) = folders.pop() {
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(why) => {
                    listing.unreadable.push((folder.clone(), why));
                    break;
                }
            };
            let path = entry.path();
            // Not through links to folders: they may lead in a circle.
            if is_own(&path) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                match std::fs::read_dir(&path) {
                    Ok(entries) => folders.push((path, entries)),
                    Err(why) => listing.unreadable.push((path, why)),
                }
            } else if is_hidden(&path) {
                // macOS puts `._name.wav` beside `name.wav`, with no sound in it.
                listing.count("hidden".into());
            } else if path.is_dir() {
                listing.count("link to a folder".into());
            } else if is_recording(&path) && path.is_file() {
                listing.recordings.push(path);
            } else {
                listing.count(kind_of(&path));
            }
        }
    }
    listing.recordings.sort();
    Ok(listing)
}

/// True for what a build leaves in the folder: an index, its sidecar, the vectors of a build that was stopped.
fn is_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".index", ".index.json", ".index.parts"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// What to call a file that is no recording.
fn kind_of(path: &Path) -> String {
    match path.extension() {
        Some(_) if is_recording(path) => "broken link".into(),
        Some(extension) => format!(".{}", shown(&extension.to_string_lossy().to_lowercase())),
        None => "without extension".into(),
    }
}
