//! Choosing a voice from the user's library, and importing into it.

use super::files::{Answer, Dialog, Part};
use super::style::{MUTED, WARNING};
use super::widgets::{self, name};
use crate::params::VoxmeldParams;
use crate::paths::own_dir;
use crossbeam_channel::{Receiver, bounded};
use egui::{ComboBox, RichText, Ui};
use nice_plug::context::gui::ParamSetter;
use nice_plug::params::Param;
use std::path::PathBuf;
use voxmeld_core::library::{self, LibraryVoice};
use voxmeld_core::selection::VoiceSelection;

/// Width of the button.
const IMPORT: f32 = 84.0;

/// State of the row between frames.
#[derive(Default)]
pub struct LibraryRow {
    voices: Option<Vec<LibraryVoice>>,
    dialog: Option<Dialog>,
    importing: Option<Receiver<Result<Vec<LibraryVoice>, String>>>,
    problem: Option<String>,
}

impl LibraryRow {
    /// Reads the library again: voices may have been imported meanwhile.
    pub fn refresh(&mut self) {
        self.voices = None;
    }

    /// Draws the row. A chosen voice is written to `selection`, and its suggested settings
    /// to the parameters.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        params: &VoxmeldParams,
        setter: &ParamSetter,
        selection: &mut VoiceSelection,
    ) {
        let voices = self.voices.get_or_insert_with(|| library::voices(&own_dir()));
        let current = voices
            .iter()
            .find(|voice| voice.is_chosen(selection))
            .map_or("No voice from the library", |voice| &voice.manifest.name)
            .to_owned();
        let mut chosen = None;
        ui.horizontal(|ui| {
            name(ui, "Library");
            let width = ui.available_width() - IMPORT - ui.spacing().item_spacing.x;
            ComboBox::from_id_salt("library")
                .selected_text(current)
                .width(width)
                .show_ui(ui, |ui| {
                    for voice in voices.iter() {
                        let is_chosen = voice.is_chosen(selection);
                        let label = ui.selectable_label(is_chosen, &voice.manifest.name);
                        if label.on_hover_text(facts(voice)).clicked() && !is_chosen {
                            chosen = Some(voice.clone());
                        }
                    }
                    if voices.is_empty() {
                        let hint = "The library is empty: import .pth files with their .index, or a .zip of both.";
                        ui.label(RichText::new(hint).color(MUTED).small());
                    }
                });
            let import = widgets::button(ui, "Import…", self.importing.is_some(), IMPORT);
            let import = import.on_hover_text(
                "Copies an RVC voice (.pth, with the .index of the same name next to it), an archive of both (.zip), or an encoder (hubert_base.pt) into the library",
            );
            if import.clicked() && self.dialog.is_none() && self.importing.is_none() {
                self.dialog = Some(Dialog::open(Part::Import));
            }
        });
        if let Some(imported) = self.finish_import() {
            chosen = Some(imported);
        }
        if let Some(voice) = chosen {
            choose(&voice, params, setter, selection);
        }
        if let Some(problem) = &self.problem {
            ui.label(RichText::new(problem).color(WARNING).small());
        }
    }

    /// Starts an import when the dialog has an answer. Returns the first voice of a finished import.
    fn finish_import(&mut self) -> Option<LibraryVoice> {
        match self.dialog.as_ref().and_then(Dialog::poll) {
            Some(Answer::File(path)) => {
                self.dialog = None;
                self.importing = Some(import(path));
            }
            Some(Answer::Cancelled) => self.dialog = None,
            Some(Answer::NoDialog) => {
                self.dialog = None;
                self.problem = Some(
                    "No file dialog is available: install zenity, or use voxmeld-cli import.".to_owned(),
                );
            }
            None => {}
        }
        let outcome = self.importing.as_ref()?.try_recv();
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(crossbeam_channel::TryRecvError::Empty) => return None,
            Err(crossbeam_channel::TryRecvError::Disconnected) => {
                Err("The import stopped: an internal error.".to_owned())
            }
        };
        self.importing = None;
        self.refresh();
        match outcome {
            Ok(voices) => {
                self.problem = None;
                voices.into_iter().next()
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }
}

/// Copies on a separate thread, so that the window stays responsive.
fn import(path: PathBuf) -> Receiver<Result<Vec<LibraryVoice>, String>> {
    let (send, receive) = bounded(1);
    // Without a thread the channel is closed, which is reported.
    let spawned = std::thread::Builder::new()
        .name("voxmeld-import".into())
        .spawn(move || {
            let imported = library::import(&[path], &own_dir(), None);
            let _ = send.send(
                imported
                    .map(|imported| imported.voices)
                    .map_err(|error| format!("Not imported: {error}.")),
            );
        });
    drop(spawned);
    receive
}

fn choose(
    voice: &LibraryVoice,
    params: &VoxmeldParams,
    setter: &ParamSetter,
    selection: &mut VoiceSelection,
) {
    *selection = voice.selection(selection);
    let pitch = params.pitch_shift.preview_normalized(voice.manifest.pitch_shift);
    widgets::set_once(setter, &params.pitch_shift, pitch);
    let speaker = i32::try_from(voice.manifest.speaker).unwrap_or(i32::MAX);
    let speaker = params.speaker.preview_normalized(speaker);
    widgets::set_once(setter, &params.speaker, speaker);
    if let Some(ratio) = voice.manifest.ratio {
        let ratio = params.blend_ratio.preview_normalized(100.0 * ratio);
        widgets::set_once(setter, &params.blend_ratio, ratio);
    }
}

/// The properties of a voice, and what is missing.
fn facts(voice: &LibraryVoice) -> String {
    let manifest = &voice.manifest;
    let mut lines = vec![format!("Licence: {}", manifest.licence)];
    lines.extend(manifest.rate_hz.map(|rate_hz| format!("{rate_hz} Hz")));
    lines.extend(
        manifest
            .speakers
            .filter(|&speakers| speakers > 1)
            .map(|speakers| format!("{speakers} speakers")),
    );
    lines.extend(
        manifest
            .index
            .is_none()
            .then(|| "No index: the blend ratio has no effect.".to_owned()),
    );
    lines.extend(library::missing_encoder(voice, &own_dir()));
    lines.join("\n")
}
