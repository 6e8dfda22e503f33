//! Colours and spacing: dark greys and one accent.

use egui::{Color32, Context, CornerRadius, Frame, Margin, Stroke, Theme, Visuals, vec2};

/// Values and handles that can be moved.
pub const ACCENT: Color32 = Color32::from_rgb(64, 196, 170);
/// Background of the window.
pub const BACKGROUND: Color32 = Color32::from_rgb(23, 25, 29);
/// Background of a group of controls.
pub const CARD: Color32 = Color32::from_rgb(32, 35, 41);
/// Tracks of sliders and meters, fields.
pub const TRACK: Color32 = Color32::from_rgb(48, 52, 60);
/// A track under the pointer.
pub const TRACK_HOVERED: Color32 = Color32::from_rgb(58, 63, 73);
/// Names and values.
pub const TEXT: Color32 = Color32::from_rgb(224, 227, 232);
/// Headings and units.
pub const MUTED: Color32 = Color32::from_rgb(146, 152, 163);
/// Problems.
pub const WARNING: Color32 = Color32::from_rgb(240, 176, 84);

/// Radius of rounded corners.
pub const RADIUS: u8 = 6;

/// Sets the look of a new window.
pub fn apply(context: &Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = CARD;
    visuals.extreme_bg_color = TRACK;
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = ACCENT.gamma_multiply(0.45);
    visuals.selection.stroke = Stroke::new(1.0_f32, ACCENT);
    for (widget, fill) in [
        (&mut visuals.widgets.inactive, TRACK),
        (&mut visuals.widgets.hovered, TRACK_HOVERED),
        (&mut visuals.widgets.active, TRACK_HOVERED),
        (&mut visuals.widgets.open, TRACK_HOVERED),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::NONE;
        widget.corner_radius = CornerRadius::same(RADIUS);
        widget.expansion = 0.0;
    }
    context.set_theme(Theme::Dark);
    context.set_visuals(visuals);
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = vec2(8.0, 8.0);
        style.spacing.button_padding = vec2(8.0, 4.0);
        style.spacing.interact_size.y = 24.0;
    });
}

/// The frame of a group of controls.
pub fn card() -> Frame {
    Frame::new()
        .fill(CARD)
        .corner_radius(CornerRadius::same(RADIUS + 2))
        .inner_margin(Margin::same(14))
}
