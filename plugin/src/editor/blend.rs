//! The page Blend: morph, curves, ratio modulation, scenes, takes.

use super::cards::{GAP, heading, in_card};
use super::files::{Answer, Dialog, Part};
use super::link::EditorLink;
use super::style::{ACCENT, MUTED, TEXT, TRACK, WARNING};
use super::{plots, widgets};
use crate::params::{MorphByParam, WeightingParam};
use egui::{DragValue, Rect, RichText, ScrollArea, Sense, Ui, vec2};
use nice_plug::prelude::ParamSetter;
use std::collections::BTreeMap;
use voxmeld_core::controls::{MAX_TARGETS, Scene};
use voxmeld_core::pack::PackManifest;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};
use voxmeld_core::status::EngineStatus;

/// State of the page between frames.
#[derive(Default)]
pub struct BlendPage {
    dialog: Option<Dialog>,
    no_dialogs: bool,
}

/// Height of the upper cards.
const UPPER: f32 = 252.0;
/// Side of the pad.
const PAD: f32 = 196.0;

fn curves_card(link: &EditorLink, setter: &ParamSetter, ui: &mut Ui) {
    heading(ui, "RATIO OVER VOICING, LOUDNESS AND PITCH");
    let blend = &link.params.blend;
    let width = ((ui.available_width() - 16.0) / 3.0).floor();
    ui.horizontal_top(|ui| {
        let voicing = [&blend.voicing_unvoiced, &blend.voicing_voiced];
        plots::curve(
            ui,
            setter,
            &blend.voicing_depth,
            &voicing,
            ["unvoiced", "voiced"],
            width,
        );
        let loudness = [&blend.loudness_low, &blend.loudness_mid, &blend.loudness_high];
        plots::curve(
            ui,
            setter,
            &blend.loudness_depth,
            &loudness,
            ["-60 dB", "0 dB"],
            width,
        );
        let pitch = [&blend.pitch_low, &blend.pitch_mid, &blend.pitch_high];
        plots::curve(ui, setter, &blend.pitch_depth, &pitch, ["50 Hz", "800 Hz"], width);
    });
    let hint = "Depth 100 % and unvoiced at p is RVC's “protect” of p.";
    ui.label(RichText::new(hint).color(MUTED).size(12.0));
}

fn drive_card(link: &EditorLink, setter: &ParamSetter, ui: &mut Ui) {
    heading(ui, "RATIO");
    let (params, blend) = (&link.params, &link.params.blend);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        widgets::slider(ui, setter, &params.blend_ratio);
        widgets::slider(ui, setter, &blend.trust);
        widgets::slider(ui, setter, &blend.continuity);
        widgets::choice(ui, setter, &blend.listen, "Listen");
        widgets::choice(ui, setter, &blend.weighting, "Weighting");
        let is_softmax = blend.weighting.value() == WeightingParam::Softmax;
        ui.add_enabled_ui(is_softmax, |ui| {
            widgets::slider(ui, setter, &blend.weighting_temperature);
        });
        widgets::slider(ui, setter, &blend.side_depth);
        widgets::slider(ui, setter, &blend.side_attack);
        widgets::slider(ui, setter, &blend.side_release);
        widgets::slider(ui, setter, &blend.wheel_depth);
        widgets::slider(ui, setter, &blend.ratio_glide);
    });
}

fn scenes_card(link: &EditorLink, setter: &ParamSetter, engine: &EngineStatus, ui: &mut Ui) {
    let params = &link.params;
    heading(ui, "CONFIDENCE");
    confidence(ui, engine);
    heading(ui, "SCENES");
    ui.horizontal(|ui| {
        widgets::switch(ui, setter, &params.blend.scenes_on, 78.0);
        for (which, text) in ["Keep as A", "Keep as B"].into_iter().enumerate() {
            if widgets::button(ui, text, false, 92.0).clicked() {
                let scene = Scene {
                    ratio: params.blend_ratio.value() / 100.0,
                    blend: params.blend.settings(),
                };
                params.blend.scenes.keep(which, &scene);
            }
        }
    });
    widgets::slider(ui, setter, &params.blend.scene_morph);
    heading(ui, "TAKES");
    takes(link, engine, ui);
}

/// A bar with the confidence; its tooltip shows what it is computed from.
fn confidence(ui: &mut Ui, engine: &EngineStatus) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, TRACK);
    let share = engine.confidence.clamp(0.0, 1.0);
    let filled = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
    ui.painter().rect_filled(filled, 3.0, ACCENT);
    response.on_hover_text(format!(
        "{:.0} %: distance of the nearest neighbour at percentile {:.0} of the target's own distances, agreement of the neighbours {:.0} %",
        share * 100.0,
        engine.distance_rank * 100.0,
        engine.agreement * 100.0
    ));
}

/// One weight per recording of the targets.
fn takes(link: &EditorLink, engine: &EngineStatus, ui: &mut Ui) {
    if engine.targets.iter().all(|target| target.sources.is_empty()) {
        let hint = "The recordings of this index are not known, because it has no sidecar that lists them.";
        ui.label(RichText::new(hint).color(MUTED).size(12.0));
        return;
    }
    let before = link.params.voice.selection();
    let mut selection = before.clone();
    ScrollArea::vertical()
        .id_salt("takes")
        .min_scrolled_height(20.0)
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            for target in engine.targets.iter().filter(|target| !target.sources.is_empty()) {
                ui.label(RichText::new(&target.name).color(MUTED).size(12.0));
                let table = selection.takes.entry(target.name.clone()).or_default();
                for source in &target.sources {
                    take(ui, source, table);
                }
            }
        });
    selection.takes.retain(|_, table| !table.is_empty());
    if selection.takes != before.takes {
        link.params.voice.choose(selection);
    }
}

/// One recording: its weight, and a switch to mute it.
fn take(ui: &mut Ui, source: &String, table: &mut BTreeMap<String, u8>) {
    let mut percent = table.get(source).copied().unwrap_or(100);
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        let drag = DragValue::new(&mut percent).range(0..=100).suffix(" %");
        ui.add_sized(vec2(64.0, 20.0), drag);
        let colour = if percent == 0 { MUTED } else { TEXT };
        let name = egui::Label::new(RichText::new(source).color(colour).size(13.0)).truncate();
        if ui
            .add(name.sense(Sense::click()))
            .on_hover_text("Click to mute or unmute")
            .clicked()
        {
            percent = if percent == 0 { 100 } else { 0 };
        }
    });
    if percent < 100 {
        table.insert(source.clone(), percent);
    } else {
        table.remove(source);
    }
}

impl BlendPage {
    /// Draws the page between header and footer.
    pub fn show(
        &mut self,
        link: &EditorLink,
        packs: &[PackManifest],
        setter: &ParamSetter,
        engine: &EngineStatus,
        footer: f32,
        ui: &mut Ui,
    ) {
        let left = ((ui.available_width() - GAP) * 0.52).floor();
        let right = ui.available_width() - GAP - left;
        ui.horizontal_top(|ui| {
            in_card(ui, left, UPPER, |ui| {
                self.morph_card(link, packs, setter, engine, ui);
            });
            in_card(ui, right, UPPER, |ui| curves_card(link, setter, ui));
        });
        let lower = (ui.available_height() - footer - GAP).max(198.0);
        ui.horizontal_top(|ui| {
            in_card(ui, left, lower, |ui| drive_card(link, setter, ui));
            in_card(ui, right, lower, |ui| scenes_card(link, setter, engine, ui));
        });
    }

    fn morph_card(
        &mut self,
        link: &EditorLink,
        packs: &[PackManifest],
        setter: &ParamSetter,
        engine: &EngineStatus,
        ui: &mut Ui,
    ) {
        heading(ui, "MORPH");
        let before = link.params.voice.selection();
        let mut selection = before.clone();
        ui.horizontal_top(|ui| {
            let names: Vec<&str> = engine.targets.iter().map(|target| target.name.as_str()).collect();
            let blend = &link.params.blend;
            plots::pad(ui, setter, blend, &names, PAD);
            ui.vertical(|ui| {
                widgets::narrow_choice(ui, setter, &blend.morph_by);
                let by_weights = blend.morph_by.value() == MorphByParam::Weights;
                for (name, weight) in names.iter().zip(blend.weights()) {
                    ui.add_enabled_ui(by_weights, |ui| widgets::narrow_slider(ui, setter, weight, name));
                }
                self.targets(ui, packs, names.len(), &mut selection);
            });
        });
        self.take_answer(packs, &mut selection);
        if selection != before {
            link.params.voice.choose(selection);
        }
    }

    /// "Add" and "remove" for further targets.
    fn targets(&mut self, ui: &mut Ui, packs: &[PackManifest], count: usize, selection: &mut VoiceSelection) {
        ui.horizontal(|ui| {
            let may_add = self.dialog.is_none() && count < MAX_TARGETS;
            let add = ui.add_enabled(may_add, egui::Button::new("Add…"));
            if add.clicked() {
                self.dialog = Some(Dialog::open(Part::Index));
            }
            let remove = ui.add_enabled(count > 1, egui::Button::new("Remove last"));
            if remove.clicked() {
                let mut others = others_of(selection, packs);
                others.pop();
                selection.others = Some(others);
            }
        });
        if self.no_dialogs {
            let hint = "No file dialog is available.";
            ui.label(RichText::new(hint).color(WARNING).small());
        }
    }

    fn take_answer(&mut self, packs: &[PackManifest], selection: &mut VoiceSelection) {
        let Some(answer) = self.dialog.as_ref().and_then(Dialog::poll) else {
            return;
        };
        self.dialog = None;
        self.no_dialogs = matches!(answer, Answer::NoDialog);
        if let Answer::File(path) = answer {
            let mut others = others_of(selection, packs);
            others.push(IndexRef::File(FileRef::at(path)));
            selection.others = Some(others);
        }
    }
}

/// The further targets, resolved as in the loader.
fn others_of(selection: &VoiceSelection, packs: &[PackManifest]) -> Vec<IndexRef> {
    if let Some(others) = &selection.others {
        return others.clone();
    }
    let own = selection.index.is_some() || selection.synthesizer.is_some();
    let pack = match &selection.pack {
        PackRef::Embedded(id) if !own => packs.iter().find(|pack| pack.id == *id),
        _ => None,
    };
    let names = pack.map_or(&[][..], |pack| &pack.indices).iter().skip(1);
    names.map(|index| IndexRef::Pack(index.name.clone())).collect()
}
