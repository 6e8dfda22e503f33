//! Layout of the window.

use super::app::{App, Page};
use super::cards::{GAP, heading, in_card};
use super::style::{ACCENT, BACKGROUND, MUTED, TEXT, WARNING};
use super::{pitch, status, widgets};
use egui::{Align, CentralPanel, Frame, Layout, Margin, ProgressBar, RichText, ScrollArea, Ui, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::params::Param;
use voxmeld_core::geometry::Hop;
use voxmeld_core::status::{EngineStatus, VoiceState};

/// Width of the left column as a share of the window.
const LEFT: f32 = 0.54;
/// Height of the upper cards; the lower ones use the rest.
const UPPER: f32 = 338.0;
/// Height of meters and status line.
const FOOTER: f32 = 46.0;

/// Draws the whole window.
pub fn show(app: &mut App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    let margins = Frame::new().fill(BACKGROUND).inner_margin(Margin::same(14));
    CentralPanel::default().frame(margins).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        header(app, gui, engine, ui);
        if app.page == Page::Blend {
            let page = &mut app.blend;
            page.show(&app.link, &app.packs, &gui.param_setter(), engine, FOOTER, ui);
            footer(app, engine, ui);
            return;
        }
        if app.page == Page::Pitch {
            let (link, voice) = (&app.link, &mut app.voice);
            let tracker = |ui: &mut Ui| voice.show_pitch_tracker(ui, &link.params.voice);
            pitch::show(link, &gui.param_setter(), engine, FOOTER, tracker, ui);
            footer(app, engine, ui);
            return;
        }
        let left = ((ui.available_width() - GAP) * LEFT).floor();
        let right = ui.available_width() - GAP - left;
        ui.horizontal_top(|ui| {
            in_card(ui, left, UPPER, |ui| voice_card(app, gui, engine, ui));
            in_card(ui, right, UPPER, |ui| blend_card(app, gui, engine, ui));
        });
        let lower = (ui.available_height() - FOOTER - GAP).max(232.0);
        ui.horizontal_top(|ui| {
            in_card(ui, left, lower, |ui| sound_card(app, gui, engine, ui));
            in_card(ui, right, lower, |ui| engine_card(app, gui, engine, ui));
        });
        footer(app, engine, ui);
    });
}

fn header(app: &mut App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Voxmeld").size(24.0).strong().color(TEXT));
        for (page, name) in [
            (Page::Voice, "Voice"),
            (Page::Blend, "Blend"),
            (Page::Pitch, "Pitch"),
        ] {
            if widgets::button(ui, name, app.page == page, 72.0).clicked() {
                app.page = page;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::switch(ui, &gui.param_setter(), &app.link.params.bypass, 78.0);
            let (text, colour) = status::voice_line(engine);
            ui.label(RichText::new(text).color(TEXT).size(14.0));
            let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
            ui.painter().circle_filled(dot.center(), 5.0, colour);
        });
    });
}

fn voice_card(app: &mut App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    heading(ui, "VOICE");
    let link = &app.link;
    app.voice.show(ui, &app.packs, &link.params, &gui.param_setter());
    app.building.show(ui, &link.engine, &engine.index_work);
    if let VoiceState::Loading { progress, .. } = &engine.voice {
        ui.add(
            ProgressBar::new(progress.clamp(0.0, 1.0))
                .desired_height(6.0)
                .fill(ACCENT),
        );
    }
    let problems = app.problems(engine);
    if !problems.is_empty() {
        ScrollArea::vertical()
            .max_height(ui.available_height().max(30.0))
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for problem in problems {
                    ui.label(RichText::new(problem).color(WARNING).size(13.0));
                }
            });
    }
}

fn blend_card(app: &App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    heading(ui, "BLEND");
    let diameter = (ui.available_height() - 26.0)
        .min(ui.available_width())
        .max(100.0);
    ui.vertical_centered(|ui| {
        widgets::knob(ui, &gui.param_setter(), &app.link.params.blend_ratio, diameter);
        let distance = engine.neighbour_distance;
        if distance.is_finite() && distance > 0.0 {
            ui.label(
                RichText::new(format!("neighbour distance {distance:.2}"))
                    .color(MUTED)
                    .size(13.0),
            );
        }
    });
}

fn sound_card(app: &App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    let (params, setter) = (&app.link.params, gui.param_setter());
    heading(ui, "SOUND");
    let area = ScrollArea::vertical().id_salt("sound");
    area.auto_shrink([false, false]).show(ui, |ui| {
        widgets::slider(ui, &setter, &params.pitch_shift);
        pitch::hint(&app.link, engine, ui);
        ui.add_enabled_ui(engine.speakers > 1, |ui| {
            widgets::slider(ui, &setter, &params.speaker);
        });
        widgets::slider(ui, &setter, &params.dry_wet);
        widgets::slider(ui, &setter, &params.loudness_follow);
        widgets::slider(ui, &setter, &params.input_gain);
        widgets::slider(ui, &setter, &params.output_gain);
        widgets::choice(ui, &setter, &params.input, "Input");
        ui.horizontal(|ui| {
            widgets::switch(ui, &setter, &params.noise_suppression, 150.0);
            widgets::choice(ui, &setter, &params.gate, "Gate");
        });
        widgets::switch(ui, &setter, &params.eight_bits, 150.0);
    });
}

fn engine_card(app: &App, gui: &GuiContext, engine: &EngineStatus, ui: &mut Ui) {
    let (params, setter) = (&app.link.params, gui.param_setter());
    ui.horizontal(|ui| {
        heading(ui, "RETRIEVAL AND ENGINE");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::switch(ui, &setter, &params.auto_probes, 92.0);
        });
    });
    widgets::slider(ui, &setter, &params.k);
    let auto = params.auto_probes.value();
    ui.add_enabled_ui(!auto, |ui| widgets::slider(ui, &setter, &params.n_probe));
    let n_probe = usize::try_from(params.n_probe.value()).unwrap_or(1);
    if let Some(recall) = status::recall(engine, n_probe, auto) {
        ui.label(RichText::new(recall).color(MUTED).size(13.0));
    }
    widgets::choice(ui, &setter, &params.when_not_ready, params.when_not_ready.name());
    widgets::choice(ui, &setter, &params.hop, "Hop (ms)");
    let chosen = Hop::from(params.hop.value()).ms();
    if engine.host_rate_hz != 0 && engine.hop_ms != chosen {
        // Most hosts restart at once; a few hosts and the standalone program do not.
        let hint = format!("The hop changes to {chosen} ms at the next restart of the plugin");
        ui.label(RichText::new(hint).color(WARNING).size(13.0));
    }
    widgets::slider(ui, &setter, &params.host_block);
    widgets::slider(ui, &setter, &params.safety_buffer);
}

fn footer(app: &mut App, engine: &EngineStatus, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 2.0 * GAP) / 2.0;
        app.input.show(ui, "in", width);
        app.output.show(ui, "out", width);
    });
    status::show(ui, engine, &mut app.log_copied);
}
