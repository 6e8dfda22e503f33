//! Choosing a voice: a pack, and files in place of its parts.

use super::files::{Answer, Dialog, Part};
use super::library::LibraryRow;
use super::style::WARNING;
use super::widgets::{self, name};
use crate::params::VoxmeldParams;
use crate::paths::own_dir;
use crate::state::VoiceField;
use egui::{ComboBox, RichText, TextEdit, Ui};
use nice_plug::context::gui::ParamSetter;
use std::path::{Path, PathBuf};
use voxmeld_core::library::add_search_folder;
use voxmeld_core::pack::PackManifest;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};

/// Width of the two small buttons behind a path.
const SMALL_BUTTON: f32 = 28.0;

/// State of the panel between frames.
#[derive(Default)]
pub struct VoicePanel {
    library: LibraryRow,
    dialog: Option<Dialog>,
    typed: [Option<String>; 4],
    no_dialogs: bool,
}

impl VoicePanel {
    /// Reads the library again.
    pub fn refresh(&mut self) {
        self.library.refresh();
    }

    /// Draws the panel; loads what the user chooses.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        packs: &[PackManifest],
        params: &VoxmeldParams,
        setter: &ParamSetter,
    ) {
        let voice = &params.voice;
        let before = voice.selection();
        let mut selection = before.clone();
        pack_row(ui, packs, &mut selection);
        self.library.show(ui, params, setter, &mut selection);
        for part in [Part::Encoder, Part::Synthesizer] {
            self.path_row(ui, part, &mut selection);
        }
        index_row(ui, packs, &mut selection);
        self.path_row(ui, Part::Index, &mut selection);
        self.search_row(ui, voice);
        self.take_answer(voice, &mut selection);
        if self.no_dialogs {
            let hint = "No file dialog is available: type a path and press Enter.";
            ui.label(RichText::new(hint).color(WARNING).small());
        }
        if selection != before {
            voice.choose(selection);
        }
    }

    /// Draws the row of the pitch tracker; loads what the user chooses.
    pub fn show_pitch_tracker(&mut self, ui: &mut Ui, voice: &VoiceField) {
        let before = voice.selection();
        let mut selection = before.clone();
        self.path_row(ui, Part::Pitch, &mut selection);
        self.take_answer(voice, &mut selection);
        if selection != before {
            voice.choose(selection);
        }
    }

    /// The button for a search folder, shown if files of a session are missing.
    fn search_row(&mut self, ui: &mut Ui, voice: &VoiceField) {
        if !voice.has_failed() {
            return;
        }
        let width = ui.available_width();
        let button = widgets::button(ui, "Look for moved files in a folder…", false, width);
        let button =
            button.on_hover_text("Finds them by name, or by size and checksum, and remembers the folder");
        if button.clicked() && self.dialog.is_none() {
            self.dialog = Some(Dialog::open(Part::Search));
        }
    }

    fn take_answer(&mut self, voice: &VoiceField, selection: &mut VoiceSelection) {
        let Some((part, answer)) = self
            .dialog
            .as_ref()
            .and_then(|dialog| Some((dialog.part, dialog.poll()?)))
        else {
            return;
        };
        self.dialog = None;
        self.no_dialogs = matches!(answer, Answer::NoDialog);
        match (answer, part) {
            (Answer::File(folder), Part::Search) => {
                // If the folder cannot be stored, the load reports the missing files again.
                let _ = add_search_folder(&own_dir(), &folder);
                voice.choose(selection.clone());
            }
            (Answer::File(path), part) => set_path(selection, part, Some(path)),
            (Answer::Cancelled | Answer::NoDialog, _) => {}
        }
    }

    /// Name, path field, "…" and "×".
    fn path_row(&mut self, ui: &mut Ui, part: Part, selection: &mut VoiceSelection) {
        let current = path_of(selection, part);
        let shown = current.map(|path| path.display().to_string()).unwrap_or_default();
        let slot = &mut self.typed[part as usize];
        ui.horizontal(|ui| {
            name(
                ui,
                if part == Part::Index {
                    "Index file"
                } else {
                    part.label()
                },
            );
            let mut text = slot.clone().unwrap_or_else(|| shown.clone());
            let width = ui.available_width() - 2.0 * (SMALL_BUTTON + ui.spacing().item_spacing.x);
            let hint = match part {
                Part::Index => "or a file of your own",
                Part::Pitch => "built-in",
                _ => "from the pack",
            };
            let field = ui.add(
                TextEdit::singleline(&mut text)
                    .id_salt(part.label())
                    .hint_text(hint)
                    .desired_width(width - 8.0),
            );
            if field.lost_focus() {
                *slot = None;
                if text != shown {
                    set_path(
                        selection,
                        part,
                        (!text.trim().is_empty()).then(|| PathBuf::from(text.trim())),
                    );
                }
            } else if field.has_focus() {
                *slot = Some(text);
            }
            let size = egui::vec2(SMALL_BUTTON, 24.0);
            if ui
                .add_enabled_ui(self.dialog.is_none(), |ui| {
                    ui.add_sized(size, egui::Button::new("…"))
                })
                .inner
                .on_hover_text("Choose a file")
                .clicked()
            {
                self.dialog = Some(Dialog::open(part));
            }
            let clear = ui
                .add_enabled_ui(!shown.is_empty(), |ui| ui.add_sized(size, egui::Button::new("×")))
                .inner;
            if clear.on_hover_text("Back to the pack's file").clicked() {
                set_path(selection, part, None);
            }
        });
    }
}

fn pack_row(ui: &mut Ui, packs: &[PackManifest], selection: &mut VoiceSelection) {
    let current = match &selection.pack {
        PackRef::Embedded(pack) => packs
            .iter()
            .find(|known| known.id == *pack)
            .map_or(pack, |known| &known.name)
            .clone(),
        PackRef::None => "None (files only)".to_owned(),
    };
    ui.horizontal(|ui| {
        name(ui, "Voice pack");
        let width = ui.available_width();
        ComboBox::from_id_salt("pack")
            .selected_text(current)
            .width(width)
            .show_ui(ui, |ui| {
                for pack in packs {
                    let value = PackRef::Embedded(pack.id.clone());
                    if ui.selectable_label(selection.pack == value, &pack.name).clicked()
                        && selection.pack != value
                    {
                        // A new pack replaces all parts.
                        *selection = VoiceSelection {
                            pack: value,
                            ..VoiceSelection::default()
                        };
                    }
                }
                ui.selectable_value(&mut selection.pack, PackRef::None, "None (files only)");
            });
    });
}

fn index_row(ui: &mut Ui, packs: &[PackManifest], selection: &mut VoiceSelection) {
    let indices = match &selection.pack {
        PackRef::Embedded(name) => packs
            .iter()
            .find(|pack| pack.id == *name)
            .map(|pack| pack.indices.as_slice())
            .unwrap_or_default(),
        PackRef::None => &[],
    };
    let current = match &selection.index {
        Some(IndexRef::Pack(name)) => indices
            .iter()
            .find(|index| index.name == *name)
            .map_or(name, |index| &index.label)
            .clone(),
        Some(IndexRef::File(_)) => "From a file".to_owned(),
        Some(IndexRef::None) => "None (no retrieval)".to_owned(),
        None => match indices.first() {
            Some(first) => first.label.clone(),
            None => "From the pack".to_owned(),
        },
    };
    ui.horizontal(|ui| {
        name(ui, "Index");
        let width = ui.available_width();
        ComboBox::from_id_salt("index")
            .selected_text(current)
            .width(width)
            .show_ui(ui, |ui| {
                if !matches!(selection.index, Some(IndexRef::File(_))) {
                    ui.selectable_value(&mut selection.index, None, "From the pack");
                } else if ui.selectable_label(false, "From the pack").clicked() {
                    selection.index = None;
                }
                for index in indices {
                    ui.selectable_value(
                        &mut selection.index,
                        Some(IndexRef::Pack(index.name.clone())),
                        &index.label,
                    );
                }
                ui.selectable_value(&mut selection.index, Some(IndexRef::None), "None (no retrieval)");
            });
    });
}

fn path_of(selection: &VoiceSelection, part: Part) -> Option<&Path> {
    let file = match part {
        Part::Encoder => selection.encoder.as_ref(),
        Part::Synthesizer => selection.synthesizer.as_ref(),
        Part::Pitch => selection.pitch.as_ref(),
        Part::Index => match &selection.index {
            Some(IndexRef::File(file)) => Some(file),
            _ => None,
        },
        // Not a part of a voice.
        Part::Recordings | Part::Import | Part::Search => None,
    };
    file.map(|file| file.path.as_path())
}

fn set_path(selection: &mut VoiceSelection, part: Part, path: Option<PathBuf>) {
    let file = path.map(|path| FileRef {
        path,
        sha256: None,
        len_bytes: None,
    });
    match part {
        Part::Encoder => selection.encoder = file,
        Part::Synthesizer => selection.synthesizer = file,
        Part::Pitch => selection.pitch = file,
        Part::Index => selection.index = file.map(IndexRef::File),
        Part::Recordings | Part::Import | Part::Search => {}
    }
}
