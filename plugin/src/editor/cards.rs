//! Groups of controls.

use super::style::{MUTED, card};
use egui::{Align, Layout, RichText, Ui, vec2};

/// Space between cards.
pub const GAP: f32 = 10.0;
/// A group of controls.
pub fn in_card(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        card().show(ui, |ui| {
            ui.set_width(width - 28.0);
            ui.set_height(height - 28.0);
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            contents(ui);
        });
    });
}

/// The name of a group.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(MUTED).size(12.0).strong());
}
