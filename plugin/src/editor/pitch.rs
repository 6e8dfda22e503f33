//! The page Pitch: everything between the tracked pitch and the synthesizer's.

use super::cards::{GAP, heading, in_card};
use super::link::EditorLink;
use super::style::{MUTED, WARNING};
use super::widgets;
use egui::{RichText, ScrollArea, Ui};
use nice_plug::prelude::ParamSetter;
use voxmeld_core::status::EngineStatus;

/// Draws the page between header and footer; `tracker` draws the row of the pitch tracker.
pub fn show(
    link: &EditorLink,
    setter: &ParamSetter,
    engine: &EngineStatus,
    footer: f32,
    tracker: impl FnOnce(&mut Ui),
    ui: &mut Ui,
) {
    let left = ((ui.available_width() - GAP) * 0.5).floor();
    let right = ui.available_width() - GAP - left;
    let height = (ui.available_height() - footer - GAP).max(300.0);
    ui.horizontal_top(|ui| {
        in_card(ui, left, height, |ui| shift_card(link, setter, engine, ui));
        in_card(ui, right, height, |ui| tracking_card(link, setter, tracker, ui));
    });
}

fn shift_card(link: &EditorLink, setter: &ParamSetter, engine: &EngineStatus, ui: &mut Ui) {
    heading(ui, "SHIFT");
    let area = ScrollArea::vertical().id_salt("shift");
    area.auto_shrink([false, false]).show(ui, |ui| {
        widgets::slider(ui, setter, &link.params.pitch_shift);
        hint(link, engine, ui);
        widgets::switch(ui, setter, &link.params.pitch.auto_pitch, 110.0);
        ui.label(RichText::new(medians(engine)).color(MUTED).size(12.0));
        widgets::slider(ui, setter, &link.params.pitch.formant_shift);
        let pitch = &link.params.pitch;
        heading(ui, "SCALE");
        widgets::slider(ui, setter, &pitch.snap_strength);
        widgets::menu(ui, setter, &pitch.snap_key, "Key");
        widgets::menu(ui, setter, &pitch.snap_scale, "Scale");
        widgets::slider(ui, setter, &pitch.snap_speed);
    });
}

/// A line where the pitch shift seems to be missing.
pub fn hint(link: &EditorLink, engine: &EngineStatus, ui: &mut Ui) {
    let params = &link.params;
    if let Some(hint) = missing_shift(
        engine,
        params.pitch_shift.value(),
        params.pitch.auto_pitch.value(),
    ) {
        ui.label(RichText::new(hint).color(WARNING).size(13.0));
    }
}

/// Medians that are nearer than this (with the shift) need no other shift, in semitones.
const NEAR_ST: f32 = 5.0;

/// A sentence if the voices' medians are far apart with this shift.
fn missing_shift(engine: &EngineStatus, shift_st: f32, auto: bool) -> Option<String> {
    let (speaker_hz, target_hz) = (engine.speaker_f0_hz, engine.target_f0_hz);
    let interval_st = 12.0 * (target_hz / speaker_hz).log2();
    let far = interval_st.is_finite() && (interval_st - shift_st).abs() >= NEAR_ST;
    (far && !auto).then(|| {
        format!("{interval_st:+.0} st? You speak at {speaker_hz:.0} Hz, the voice at {target_hz:.0} Hz")
    })
}

/// What is known of both medians.
fn medians(engine: &EngineStatus) -> String {
    let shown = |hz: f32| {
        if hz > 0.0 {
            format!("{hz:.0} Hz")
        } else {
            "not known".to_owned()
        }
    };
    format!(
        "Median pitch: you {}, the voice {}. Auto adds the interval between them to the shift.",
        shown(engine.speaker_f0_hz),
        shown(engine.target_f0_hz)
    )
}

fn tracking_card(link: &EditorLink, setter: &ParamSetter, tracker: impl FnOnce(&mut Ui), ui: &mut Ui) {
    heading(ui, "TRACKING");
    let pitch = &link.params.pitch;
    let area = ScrollArea::vertical().id_salt("tracking");
    area.auto_shrink([false, false]).show(ui, |ui| {
        tracker(ui);
        widgets::slider(ui, setter, &pitch.f0_min);
        widgets::slider(ui, setter, &pitch.f0_max);
        widgets::slider(ui, setter, &pitch.octave_guard);
        widgets::slider(ui, setter, &pitch.f0_smoothing);
        let hint = "Outside the range the input counts as unvoiced. The guard takes jumps by an octave back that are shorter than its time. None of these adds latency.";
        ui.label(RichText::new(hint).color(MUTED).size(12.0));
        heading(ui, "MIDI NOTES");
        widgets::switch(ui, setter, &pitch.midi_pitch, 170.0);
        widgets::slider(ui, setter, &pitch.midi_glide);
        widgets::slider(ui, setter, &pitch.bend_range);
        widgets::slider(ui, setter, &pitch.pressure_depth);
        let hint = "While a key is held, voiced input gets its pitch; the key struck last counts.";
        ui.label(RichText::new(hint).color(MUTED).size(12.0));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(speaker_f0_hz: f32, target_f0_hz: f32) -> EngineStatus {
        EngineStatus {
            speaker_f0_hz,
            target_f0_hz,
            ..EngineStatus::default()
        }
    }

    #[test]
    fn medians_that_are_far_apart_give_a_hint_unless_auto_is_on() {
        let hint = |shift, auto| missing_shift(&engine(123.0, 185.0), shift, auto);
        assert_eq!(
            hint(0.0, false).expect("a hint"),
            "+7 st? You speak at 123 Hz, the voice at 185 Hz"
        );
        assert!(hint(-3.0, false).is_some());
        assert_eq!(hint(7.0, false), None);
        assert_eq!(hint(0.0, true), None);
    }

    #[test]
    fn unknown_and_near_medians_give_no_hint() {
        for (speaker, target) in [(0.0, 185.0), (123.0, 0.0), (0.0, 0.0), (180.0, 185.0)] {
            assert_eq!(missing_shift(&engine(speaker, target), 0.0, false), None);
        }
    }
}
