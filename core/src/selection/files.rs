//! The files of a selection, with the paths at which they were found, and their sizes and checksums.

use super::{FileRef, IndexRef, VoiceSelection};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Maximum number of stored files: those of a few voices.
const MAX_FILES: usize = 64;

/// Files of the chosen voice by requested path: the path at which each was found, with
/// size and checksum once they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownFiles(BTreeMap<PathBuf, FileRef>);

impl KnownFiles {
    /// Stores the file that was found for a requested path.
    pub fn insert(&mut self, requested: PathBuf, found: FileRef) {
        self.0.insert(requested, found);
    }

    /// Adds size and checksum to a requested file that was found at another path.
    pub fn update_moved(&mut self, found: &FileRef) {
        for known in self.0.values_mut().filter(|known| known.path == found.path) {
            known.clone_from(found);
        }
    }

    /// If there are many files, drops all except those of `selection`.
    pub fn tidy_up(&mut self, selection: &VoiceSelection) {
        if self.0.len() <= MAX_FILES {
            return;
        }
        let wanted: Vec<PathBuf> = selection.files().map(|file| file.path.clone()).collect();
        self.0
            .retain(|path, found| wanted.contains(path) || wanted.contains(&found.path));
    }

    /// The selection with the known paths, sizes and checksums.
    #[must_use]
    pub fn complete(&self, mut selection: VoiceSelection) -> VoiceSelection {
        for file in selection.files_mut() {
            if let Some(known) = self.0.get(&file.path) {
                file.path.clone_from(&known.path);
                if known.sha256.is_some() {
                    file.sha256.clone_from(&known.sha256);
                    file.len_bytes = known.len_bytes;
                }
            }
        }
        selection
    }
}

impl VoiceSelection {
    /// All files outside packs.
    pub fn files(&self) -> impl Iterator<Item = &FileRef> {
        let indices = self.index.iter().chain(self.others.iter().flatten());
        let of_indices = indices.filter_map(|index| match index {
            IndexRef::File(file) => Some(file),
            IndexRef::Pack(_) | IndexRef::None => None,
        });
        self.encoder
            .iter()
            .chain(&self.pitch)
            .chain(&self.synthesizer)
            .chain(of_indices)
    }

    /// The same, to change them.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut FileRef> {
        let indices = self.index.iter_mut().chain(self.others.iter_mut().flatten());
        let of_indices = indices.filter_map(|index| match index {
            IndexRef::File(file) => Some(file),
            IndexRef::Pack(_) | IndexRef::None => None,
        });
        self.encoder
            .iter_mut()
            .chain(&mut self.pitch)
            .chain(&mut self.synthesizer)
            .chain(of_indices)
    }
}
