//! Finds moved files of a session: first by name, then by size and
//! checksum, in the user's search folders and in the library.

use super::identity::identify;
use crate::selection::{FileRef, VoiceSelection};
use std::path::{Path, PathBuf};

/// Maximum depth of the search.
const MAX_DEPTH: usize = 6;
/// Maximum number of files in a search.
const MAX_FILES: usize = 50_000;

/// The selection with the new paths of moved files, and for each of them
/// the requested path and the found file. Files that are not found are unchanged.
#[must_use]
pub fn relink(selection: &VoiceSelection, folders: &[PathBuf]) -> (VoiceSelection, Vec<(PathBuf, FileRef)>) {
    let mut relinked = selection.clone();
    let mut moved = Vec::new();
    if selection.files().all(|file| file.path.is_file()) {
        return (relinked, moved);
    }
    // The files of one voice are often moved together.
    let mut places: Vec<PathBuf> = selection
        .files()
        .filter(|file| file.path.is_file())
        .filter_map(|file| file.path.parent().map(Path::to_path_buf))
        .collect();
    places.extend_from_slice(folders);
    let files = list(&places);
    for file in relinked.files_mut().filter(|file| !file.path.is_file()) {
        if let Some(found) = find(file, &files) {
            let requested = std::mem::replace(&mut file.path, found);
            moved.push((requested, file.clone()));
        }
    }
    (relinked, moved)
}

/// A file and its size.
struct Candidate {
    path: PathBuf,
    len_bytes: u64,
}

fn find(wanted: &FileRef, files: &[Candidate]) -> Option<PathBuf> {
    let name = wanted.path.file_name()?;
    let fits_size = |candidate: &&Candidate| wanted.len_bytes.is_none_or(|len| len == candidate.len_bytes);
    let is_it = |candidate: &&Candidate| {
        wanted.sha256.as_ref().is_none_or(|sha256| {
            let found = identify(&candidate.path, || false).and_then(|file| file.sha256);
            found.is_some_and(|found| found.eq_ignore_ascii_case(sha256))
        })
    };
    let named = files
        .iter()
        .filter(|candidate| candidate.path.file_name() == Some(name));
    if let Some(found) = named.filter(fits_size).find(is_it) {
        return Some(found.path.clone());
    }
    // A renamed file can only be recognised by its content.
    wanted.sha256.as_ref()?;
    wanted.len_bytes?;
    let renamed = files
        .iter()
        .filter(|candidate| candidate.path.file_name() != Some(name));
    let found = renamed.filter(fits_size).find(is_it)?;
    Some(found.path.clone())
}

/// All files in `folders`, those nearer to the top first. Links to folders are not followed,
/// so that the search terminates.
fn list(folders: &[PathBuf]) -> Vec<Candidate> {
    let mut files = Vec::new();
    let mut level: Vec<PathBuf> = folders.to_vec();
    for _ in 0..MAX_DEPTH {
        let mut below = Vec::new();
        for folder in level {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            let mut entries: Vec<_> = entries.flatten().collect();
            entries.sort_by_key(std::fs::DirEntry::file_name);
            for entry in entries {
                if files.len() >= MAX_FILES {
                    return files;
                }
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => below.push(entry.path()),
                    Ok(_) => {
                        let path = entry.path();
                        if let Ok(metadata) = std::fs::metadata(&path)
                            && metadata.is_file()
                        {
                            let len_bytes = metadata.len();
                            files.push(Candidate { path, len_bytes });
                        }
                    }
                    Err(_) => {}
                }
            }
        }
        level = below;
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::IndexRef;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("voxmeld-relink-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("a/b")).expect("folders");
        folder
    }

    fn put(path: &Path, content: &str) -> FileRef {
        std::fs::write(path, content).expect("written");
        identify(path, || false).expect("read")
    }

    fn with_voice(file: FileRef) -> VoiceSelection {
        VoiceSelection {
            synthesizer: Some(file),
            index: Some(IndexRef::None),
            ..VoiceSelection::default()
        }
    }

    fn found(wanted: FileRef, folder: &Path) -> Option<PathBuf> {
        let (relinked, moved) = relink(&with_voice(wanted.clone()), &[folder.to_path_buf()]);
        let path = relinked.synthesizer.expect("a voice").path;
        assert_eq!(moved.len(), usize::from(path != wanted.path));
        (path != wanted.path).then_some(path)
    }

    #[test]
    fn a_moved_file_is_found_by_its_name_before_another_with_the_same_content() {
        let folder = folder("name");
        let wanted = put(&folder.join("a/singer.pth"), "content");
        put(&folder.join("copy.pth"), "content");
        std::fs::rename(folder.join("a/singer.pth"), folder.join("a/b/singer.pth")).expect("moved");
        assert_eq!(found(wanted, &folder), Some(folder.join("a/b/singer.pth")));
    }

    #[test]
    fn a_renamed_file_is_found_by_size_and_checksum() {
        let folder = folder("renamed");
        let wanted = put(&folder.join("singer.pth"), "content");
        put(&folder.join("other.pth"), "CONTENT");
        std::fs::rename(folder.join("singer.pth"), folder.join("a/b/new name ü.pth")).expect("moved");
        assert_eq!(found(wanted, &folder), Some(folder.join("a/b/new name ü.pth")));
    }

    #[test]
    fn a_file_with_the_same_name_but_other_content_is_not_used() {
        let folder = folder("other");
        let wanted = put(&folder.join("singer.pth"), "content");
        std::fs::remove_file(folder.join("singer.pth")).expect("removed");
        put(&folder.join("a/singer.pth"), "CONTENT");
        assert_eq!(found(wanted.clone(), &folder), None);
        // For a session without checksums only the name is known.
        let old = FileRef::at(wanted.path);
        assert_eq!(found(old, &folder), Some(folder.join("a/singer.pth")));
    }

    #[test]
    fn files_that_were_not_moved_are_unchanged() {
        let folder = folder("stays");
        let wanted = put(&folder.join("singer.pth"), "content");
        put(&folder.join("a/singer.pth"), "content");
        assert_eq!(found(wanted, &folder), None);
    }
}
