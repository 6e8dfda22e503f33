//! Graphical controls: the morph pad and the curves.

use super::style::{ACCENT, MUTED, TEXT, TRACK, TRACK_HOVERED};
use super::widgets::{narrow_slider, set, set_once};
use crate::params::{BlendParams, MorphByParam};
use egui::{Align2, FontId, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use nice_plug::prelude::*;
use voxmeld_core::blend::morph;

/// Height of a curve.
const CURVE: f32 = 130.0;
/// Largest distance of the pointer from a point of a curve that still grabs it, in points.
const REACH: f32 = 40.0;

/// The morph pad with the targets around it. Dragging sets "Morph by" to the pad.
pub fn pad(ui: &mut Ui, setter: &ParamSetter, blend: &BlendParams, names: &[&str], side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click_and_drag());
    let field = rect.shrink(16.0);
    let (x, y) = (&blend.morph_x, &blend.morph_y);
    if response.drag_started() {
        if blend.morph_by.value() != MorphByParam::Pad {
            set_once(setter, &blend.morph_by, 1.0);
        }
        setter.begin_set_parameter(x);
        setter.begin_set_parameter(y);
    }
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        set(setter, x, (pointer.x - field.left()) / field.width());
        set(setter, y, (field.bottom() - pointer.y) / field.height());
    }
    if response.drag_stopped() {
        setter.end_set_parameter(x);
        setter.end_set_parameter(y);
    }
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        set_once(setter, &blend.morph_by, 1.0);
        set_once(setter, x, (pointer.x - field.left()) / field.width());
        set_once(setter, y, (field.bottom() - pointer.y) / field.height());
    }

    let painter = ui.painter();
    let hovered = response.hovered() || response.dragged();
    painter.rect_filled(rect, 6.0, if hovered { TRACK_HOVERED } else { TRACK });
    let place = |[x, y]: [f32; 2]| {
        pos2(
            field.left() + field.width() * x,
            field.bottom() - field.height() * y,
        )
    };
    for (j, name) in names.iter().enumerate() {
        let corner = place(morph::corner(j, names.len()));
        painter.circle_filled(corner, 4.0, MUTED);
        let align = match (corner.x < rect.center().x - 1.0, corner.x > rect.center().x + 1.0) {
            (true, _) => Align2::LEFT_BOTTOM,
            (_, true) => Align2::RIGHT_BOTTOM,
            _ => Align2::CENTER_BOTTOM,
        };
        let text = corner - vec2(0.0, 5.0);
        painter.text(text, align, name, FontId::proportional(12.0), MUTED);
    }
    let follows = blend.morph_by.value() == MorphByParam::Pad;
    let puck = place([x.modulated_normalized_value(), y.modulated_normalized_value()]);
    painter.circle_filled(puck, 8.0, if follows { ACCENT } else { MUTED });
}

/// A curve of two or three points that can be dragged up and down, with its depth below;
/// the bright line includes the depth.
pub fn curve(
    ui: &mut Ui,
    setter: &ParamSetter,
    depth: &FloatParam,
    points: &[&FloatParam],
    ends: [&str; 2],
    width: f32,
) {
    ui.vertical(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(width, CURVE), Sense::click_and_drag());
        // Space below for the labels of both ends.
        let field = Rect::from_min_max(rect.min + vec2(10.0, 10.0), rect.max - vec2(10.0, 22.0));
        let at = |n: usize, value: f32| {
            #[expect(clippy::cast_precision_loss, reason = "two or three points")]
            let share = n as f32 / (points.len() - 1).max(1) as f32;
            pos2(
                field.left() + field.width() * share,
                field.bottom() - field.height() * value,
            )
        };
        // The grabbed point stays selected until the drag ends.
        let id = response.id.with("held");
        let held: Option<usize> = ui.data(|data| data.get_temp(id));
        if response.drag_started()
            && let Some(pointer) = response.interact_pointer_pos()
            && let Some(n) = nearest(points.len(), pointer, |n| at(n, 0.0).x)
        {
            setter.begin_set_parameter(points[n]);
            ui.data_mut(|data| data.insert_temp(id, n));
        } else if let Some(point) = held.and_then(|n| points.get(n)) {
            if let Some(pointer) = response.interact_pointer_pos() {
                set(setter, *point, (field.bottom() - pointer.y) / field.height());
            }
            if response.drag_stopped() {
                setter.end_set_parameter(*point);
                ui.data_mut(|data| data.remove::<usize>(id));
            }
        }
        draw(ui, rect, points, depth, at);
        let font = || FontId::proportional(11.0);
        let painter = ui.painter();
        let inset = vec2(6.0, 2.0);
        painter.text(
            rect.left_bottom() + vec2(inset.x, -inset.y),
            Align2::LEFT_BOTTOM,
            ends[0],
            font(),
            MUTED,
        );
        painter.text(
            rect.right_bottom() - inset,
            Align2::RIGHT_BOTTOM,
            ends[1],
            font(),
            MUTED,
        );
        ui.scope(|ui| {
            ui.set_max_width(width);
            narrow_slider(ui, setter, depth, "depth");
        });
    });
}

fn draw(ui: &Ui, rect: Rect, points: &[&FloatParam], depth: &FloatParam, at: impl Fn(usize, f32) -> Pos2) {
    let painter = ui.painter();
    painter.rect_filled(rect, 6.0, TRACK);
    let deep = depth.modulated_normalized_value();
    let values: Vec<f32> = points
        .iter()
        .map(|point| point.modulated_normalized_value())
        .collect();
    let line = |value: &dyn Fn(f32) -> f32| -> Vec<Pos2> {
        let places = values.iter().enumerate();
        places.map(|(n, set)| at(n, value(*set))).collect()
    };
    painter.line(line(&|set| set), Stroke::new(1.0_f32, MUTED));
    painter.line(
        line(&|set| 1.0 - deep * (1.0 - set)),
        Stroke::new(2.5_f32, ACCENT),
    );
    for (n, value) in values.iter().enumerate() {
        painter.circle_filled(at(n, *value), 5.0, TEXT);
    }
}

fn nearest(count: usize, pointer: Pos2, x_of: impl Fn(usize) -> f32) -> Option<usize> {
    (0..count)
        .map(|n| (n, (x_of(n) - pointer.x).abs()))
        .filter(|(_, distance)| *distance < REACH)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(n, _)| n)
}
