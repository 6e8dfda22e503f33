//! Files of a selection: finds moved files, and identifies all files by size and
//! checksum for the saved session.

use crate::control_state::ControlState;
use crate::library::{identify, own_dir, relink, search_folders};
use crate::selection::{FileRef, VoiceSelection};

/// The selection with the new paths of moved files, and a note for each of them.
pub(super) fn find_files(
    selection: &VoiceSelection,
    control: &ControlState,
) -> (VoiceSelection, Vec<String>) {
    control.files.lock().tidy_up(selection);
    if selection.files().all(|file| file.path.is_file()) {
        return (selection.clone(), Vec::new());
    }
    let own = own_dir();
    let mut folders = search_folders(&own);
    folders.push(own);
    let (found, moved) = relink(selection, &folders);
    let mut notes = Vec::new();
    for (requested, file) in moved {
        notes.push(format!(
            "{} was moved, and is used from {}",
            requested.display(),
            file.path.display()
        ));
        control.files.lock().insert(requested, file);
    }
    (found, notes)
}

/// Reads the files of a loaded voice to compute their checksums, until `cancelled`. Returns a note for each
/// model that differs from the one of the session; indices may have been extended.
pub(super) fn identify_files(
    loaded: &VoiceSelection,
    control: &ControlState,
    cancelled: impl Fn() -> bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    for file in loaded.files() {
        let Some(found) = identify(&file.path, &cancelled) else {
            continue;
        };
        let models = [&loaded.encoder, &loaded.pitch, &loaded.synthesizer].map(Option::as_ref);
        let is_model = models.contains(&Some(file));
        if is_model && is_another(file, &found) {
            notes.push(format!(
                "{} is not the file with which this session was saved: it has changed since",
                file.path.display()
            ));
        }
        remember(control, file, found);
    }
    notes
}

fn is_another(saved: &FileRef, found: &FileRef) -> bool {
    match (&saved.sha256, &found.sha256) {
        (Some(saved), Some(found)) => !saved.eq_ignore_ascii_case(found),
        _ => false,
    }
}

/// Stores the file for the path at which it was found, and for the requested path.
fn remember(control: &ControlState, file: &FileRef, found: FileRef) {
    let mut files = control.files.lock();
    files.update_moved(&found);
    files.insert(file.path.clone(), found);
}
