//! The page Pitch: everything between the tracked pitch and the synthesizer's.

use super::cards::{GAP, heading, in_card};
use super::link::EditorLink;
use super::style::MUTED;
use super::widgets;
use egui::{RichText, ScrollArea, Ui};
use nice_plug::prelude::ParamSetter;

/// Draws the page between header and footer.
pub fn show(link: &EditorLink, setter: &ParamSetter, footer: f32, ui: &mut Ui) {
    let left = ((ui.available_width() - GAP) * 0.5).floor();
    let right = ui.available_width() - GAP - left;
    let height = (ui.available_height() - footer - GAP).max(300.0);
    ui.horizontal_top(|ui| {
        in_card(ui, left, height, |ui| shift_card(link, setter, ui));
        in_card(ui, right, height, |ui| tracking_card(link, setter, ui));
    });
}

fn shift_card(link: &EditorLink, setter: &ParamSetter, ui: &mut Ui) {
    heading(ui, "SHIFT");
    let area = ScrollArea::vertical().id_salt("shift");
    area.auto_shrink([false, false]).show(ui, |ui| {
        widgets::slider(ui, setter, &link.params.pitch_shift);
    });
}

fn tracking_card(link: &EditorLink, setter: &ParamSetter, ui: &mut Ui) {
    heading(ui, "TRACKING");
    let pitch = &link.params.pitch;
    let area = ScrollArea::vertical().id_salt("tracking");
    area.auto_shrink([false, false]).show(ui, |ui| {
        widgets::slider(ui, setter, &pitch.f0_min);
        widgets::slider(ui, setter, &pitch.f0_max);
        widgets::slider(ui, setter, &pitch.octave_guard);
        widgets::slider(ui, setter, &pitch.f0_smoothing);
        let hint = "Outside the range the input counts as unvoiced. The guard takes jumps by an octave back that are shorter than its time. None of these adds latency.";
        ui.label(RichText::new(hint).color(MUTED).size(12.0));
    });
}
