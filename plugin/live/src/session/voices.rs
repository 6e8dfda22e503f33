//! Voices by name: the packs' targets and the library's.

use voxmeld_core::library;
use voxmeld_core::pack::installed_packs;
use voxmeld_core::selection::{IndexRef, PackRef, VoiceSelection};

/// A voice that can be chosen by name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedVoice {
    /// Its short name.
    pub name: String,
    /// As shown to people.
    pub label: String,
    /// What to load.
    pub selection: VoiceSelection,
    /// Its speaker, where the voice has several.
    pub speaker: u32,
}

impl NamedVoice {
    /// True if people may mean it by `name`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        self.name.to_lowercase() == name || self.label.to_lowercase() == name
    }

    /// True if this is what `chosen` loads.
    #[must_use]
    pub fn is_chosen(&self, chosen: &VoiceSelection) -> bool {
        self.selection.same_models(chosen) && self.selection.index == chosen.index
    }
}

/// All voices that can be chosen by name, in a fixed order. Reads the folders.
#[must_use]
pub fn all_voices() -> Vec<NamedVoice> {
    let packs = installed_packs();
    let of_packs = packs.iter().flat_map(|pack| {
        pack.indices.iter().map(|index| NamedVoice {
            name: index.name.clone(),
            label: index.label.clone(),
            selection: VoiceSelection {
                pack: PackRef::Embedded(pack.id.clone()),
                index: Some(IndexRef::Pack(index.name.clone())),
                ..VoiceSelection::default()
            },
            speaker: 0,
        })
    });
    let of_library = library::voices(&library::own_dir())
        .into_iter()
        .map(|voice| NamedVoice {
            name: voice.manifest.name.clone(),
            label: voice.manifest.name.clone(),
            selection: voice.selection(&VoiceSelection::default()),
            speaker: voice.manifest.speaker,
        });
    of_packs.chain(of_library).collect()
}
