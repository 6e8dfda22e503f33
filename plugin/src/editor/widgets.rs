//! Controls for parameters: a knob, a slider row, choices and a switch.
//!
//! All of them report begin and end of a gesture to the host, so that it can record
//! automation, and reset on a double click.

use super::style::{ACCENT, MUTED, RADIUS, TEXT, TRACK, TRACK_HOVERED};
use egui::{Align2, FontId, Pos2, Rect, Response, Sense, Stroke, TextEdit, Ui, pos2, vec2};
use nice_plug::prelude::*;
use std::f32::consts::PI;

/// Width of the names before sliders and choices.
const NAME_WIDTH: f32 = 112.0;
/// Width of the values after sliders.
const VALUE_WIDTH: f32 = 66.0;
/// Height of a row.
const ROW: f32 = 24.0;
/// Dragging a knob this many points up goes from its minimum to its maximum.
const KNOB_TRAVEL: f32 = 220.0;
/// Holding shift makes dragging this much finer.
const FINE: f32 = 0.1;

/// The knob's gap at the bottom, as angles from "right", clockwise.
const KNOB_START: f32 = PI * 0.75;
const KNOB_SWEEP: f32 = PI * 1.5;

/// A large round knob with its value inside.
pub fn knob<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P, diameter: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(diameter, diameter), Sense::click_and_drag());
    let fine = if ui.input(|input| input.modifiers.shift) {
        FINE
    } else {
        1.0
    };
    let moved = -response.drag_delta().y + response.drag_delta().x;
    let target = (moved != 0.0).then(|| param.unmodulated_normalized_value() + moved * fine / KNOB_TRAVEL);
    edit(&response, setter, param, target, None);

    let painter = ui.painter();
    let width = (diameter * 0.07).max(4.0);
    let radius = diameter / 2.0 - width;
    let value = param.modulated_normalized_value();
    let track = if response.hovered() || response.dragged() {
        TRACK_HOVERED
    } else {
        TRACK
    };
    painter.line(arc(rect.center(), radius, 0.0, 1.0), Stroke::new(width, track));
    painter.line(arc(rect.center(), radius, 0.0, value), Stroke::new(width, ACCENT));
    let tip = on_circle(rect.center(), radius, value);
    painter.circle_filled(tip, width * 0.85, TEXT);
    let text = param.to_string();
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(diameter * 0.17),
        TEXT,
    );
    let (low, high) = (
        pos2(rect.center().x - radius * 0.62, rect.bottom() - 6.0),
        pos2(rect.center().x + radius * 0.62, rect.bottom() - 6.0),
    );
    painter.text(
        low,
        Align2::CENTER_BOTTOM,
        "live",
        FontId::proportional(13.0),
        MUTED,
    );
    painter.text(
        high,
        Align2::CENTER_BOTTOM,
        "retrieved",
        FontId::proportional(13.0),
        MUTED,
    );
}

fn on_circle(center: Pos2, radius: f32, value: f32) -> Pos2 {
    let angle = KNOB_START + KNOB_SWEEP * value;
    center + radius * vec2(angle.cos(), angle.sin())
}

fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    /// Enough for a circle of a few hundred pixels to look round.
    const STEPS: u16 = 64;
    (0..=STEPS)
        .map(|step| {
            on_circle(
                center,
                radius,
                from + (to - from) * f32::from(step) / f32::from(STEPS),
            )
        })
        .collect()
}

/// Name, track and value on one line. A click on the value opens a text field.
pub fn slider<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P) {
    ui.horizontal(|ui| {
        name(ui, param.name());
        let width = (ui.available_width() - VALUE_WIDTH - ui.spacing().item_spacing.x).max(40.0);
        let (row, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click_and_drag());
        let track = Rect::from_center_size(row.center(), vec2(row.width(), 8.0));
        let fine = ui.input(|input| input.modifiers.shift);
        let pointed = response
            .interact_pointer_pos()
            .map(|pointer| (pointer.x - track.left()) / track.width());
        let fine_target =
            param.unmodulated_normalized_value() + response.drag_delta().x * FINE / track.width();
        let dragged = if fine { Some(fine_target) } else { pointed };
        edit(&response, setter, param, dragged, pointed);

        let painter = ui.painter();
        let value = param.modulated_normalized_value();
        let rest = if response.hovered() || response.dragged() {
            TRACK_HOVERED
        } else {
            TRACK
        };
        painter.rect_filled(track, 4.0, rest);
        // Bipolar values are filled from their default.
        let signed = matches!(param.unit(), " st" | " dB") || param.name().ends_with("to ratio");
        let origin = if signed {
            param.default_normalized_value()
        } else {
            0.0
        };
        let x = |value: f32| track.left() + track.width() * value;
        let filled = Rect::from_two_pos(pos2(x(origin), track.top()), pos2(x(value), track.bottom()));
        painter.rect_filled(filled, 4.0, ACCENT);
        painter.circle_filled(pos2(x(value), track.center().y), 7.0, TEXT);
        value_field(ui, setter, param);
    });
}

/// A slider with its name inside, for narrow places.
pub fn narrow_slider<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P, label: &str) {
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click_and_drag());
    let pointed = response
        .interact_pointer_pos()
        .map(|pointer| (pointer.x - row.left()) / row.width());
    edit(&response, setter, param, pointed, pointed);
    let value = param.modulated_normalized_value();
    let filled = Rect::from_min_size(row.min, vec2(row.width() * value, row.height()));
    let painter = ui.painter();
    let rest = if response.hovered() { TRACK_HOVERED } else { TRACK };
    painter.rect_filled(row, 4.0, rest);
    painter.rect_filled(filled, 4.0, ACCENT.gamma_multiply(0.55));
    let font = || FontId::proportional(12.0);
    let inset = vec2(6.0, 0.0);
    painter.text(
        row.left_center() + inset,
        Align2::LEFT_CENTER,
        label,
        font(),
        TEXT,
    );
    let value = param.to_string();
    painter.text(
        row.right_center() - inset,
        Align2::RIGHT_CENTER,
        value,
        font(),
        TEXT,
    );
}

/// A parameter of few steps as buttons, without a name before them.
pub fn narrow_choice<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P) {
    let steps = u16::try_from(param.step_count().unwrap_or(1)).unwrap_or(1).max(1);
    ui.horizontal(|ui| steps_as_buttons(ui, setter, param, steps));
}

/// The value as text; a click turns it into a text field.
fn value_field<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P) {
    let size = vec2(VALUE_WIDTH, ROW);
    let id = ui.scope_id().with(("typed", param.name()));
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let Some(mut typed) = typed else {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let colour = if response.hovered() { ACCENT } else { TEXT };
        ui.painter().text(
            rect.right_center(),
            Align2::RIGHT_CENTER,
            param.to_string(),
            FontId::proportional(14.0),
            colour,
        );
        if response.clicked() {
            ui.data_mut(|data| data.insert_temp(id, param.to_string()));
            ui.memory_mut(|memory| memory.request_focus(id.with("field")));
        }
        return;
    };
    let response = ui.add_sized(size, TextEdit::singleline(&mut typed).id(id.with("field")));
    if response.lost_focus() {
        if ui.input(|input| input.key_pressed(egui::Key::Enter))
            && let Some(value) = param.string_to_normalized_value(&typed)
        {
            set_once(setter, param, value);
        }
        ui.data_mut(|data| data.remove::<String>(id));
    } else {
        ui.data_mut(|data| data.insert_temp(id, typed));
    }
}

/// A parameter of few steps as one button each, in equal widths.
pub fn choice<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P, label: &str) {
    let steps = u16::try_from(param.step_count().unwrap_or(1)).unwrap_or(1).max(1);
    ui.horizontal(|ui| {
        name(ui, label);
        steps_as_buttons(ui, setter, param, steps);
    });
}

fn steps_as_buttons<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P, steps: u16) {
    ui.spacing_mut().item_spacing.x = 4.0;
    let count = f32::from(steps) + 1.0;
    let width = ((ui.available_width() - 4.0 * f32::from(steps)) / count).max(20.0);
    let current = param.unmodulated_normalized_value();
    for step in 0..=steps {
        let value = f32::from(step) / f32::from(steps);
        let chosen = (value - current).abs() < 0.5 / f32::from(steps);
        let text = param.normalized_value_to_string(value, true);
        if button(ui, text.trim_end_matches(" ms"), chosen, width).clicked() && !chosen {
            set_once(setter, param, value);
        }
    }
}

/// A parameter of many steps, or of steps with long names, as a menu.
pub fn menu<P: Param>(ui: &mut Ui, setter: &ParamSetter, param: &P, label: &str) {
    let steps = u16::try_from(param.step_count().unwrap_or(1)).unwrap_or(1).max(1);
    let current = param.unmodulated_normalized_value();
    ui.horizontal(|ui| {
        name(ui, label);
        egui::ComboBox::from_id_salt(label)
            .selected_text(param.normalized_value_to_string(current, true))
            .width(ui.available_width())
            .show_ui(ui, |ui| {
                for step in 0..=steps {
                    let value = f32::from(step) / f32::from(steps);
                    let chosen = (value - current).abs() < 0.5 / f32::from(steps);
                    let text = param.normalized_value_to_string(value, true);
                    if ui.selectable_label(chosen, text).clicked() && !chosen {
                        set_once(setter, param, value);
                    }
                }
            });
    });
}

/// An on/off parameter as one button with its name.
pub fn switch(ui: &mut Ui, setter: &ParamSetter, param: &BoolParam, width: f32) {
    let on = param.value();
    if button(ui, param.name(), on, width).clicked() {
        set_once(setter, param, if on { 0.0 } else { 1.0 });
    }
}

/// A flat button; filled with the accent when it is the chosen one.
pub fn button(ui: &mut Ui, text: &str, chosen: bool, width: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let (fill, colour) = match (chosen, response.hovered()) {
        (true, _) => (ACCENT, super::style::BACKGROUND),
        (false, true) => (TRACK_HOVERED, TEXT),
        (false, false) => (TRACK, TEXT),
    };
    ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(13.0),
        colour,
    );
    response
}

/// The name in front of a control, of fixed width, so that controls are aligned.
pub fn name(ui: &mut Ui, text: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(NAME_WIDTH, ROW), Sense::hover());
    ui.painter().text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        text,
        FontId::proportional(14.0),
        MUTED,
    );
}

/// Turns a gesture into the host's begin, set and end.
fn edit<P: Param>(
    response: &Response,
    setter: &ParamSetter,
    param: &P,
    dragged_to: Option<f32>,
    clicked_at: Option<f32>,
) {
    if response.double_clicked() {
        set_once(setter, param, param.default_normalized_value());
        return;
    }
    if response.drag_started() {
        setter.begin_set_parameter(param);
    }
    if response.dragged()
        && let Some(value) = dragged_to
    {
        set(setter, param, value);
    }
    if response.drag_stopped() {
        setter.end_set_parameter(param);
    }
    if response.clicked()
        && let Some(value) = clicked_at
    {
        set_once(setter, param, value);
    }
}

/// A whole gesture at once.
pub fn set_once<P: Param>(setter: &ParamSetter, param: &P, normalized: f32) {
    setter.begin_set_parameter(param);
    set(setter, param, normalized);
    setter.end_set_parameter(param);
}

/// Within a gesture; snaps to the parameter's steps.
pub fn set<P: Param>(setter: &ParamSetter, param: &P, normalized: f32) {
    // Through the plain value, which snaps to the parameter's steps.
    let value = param.preview_plain(normalized.clamp(0.0, 1.0));
    if value != param.unmodulated_plain_value() {
        setter.set_parameter(param, value);
    }
}
