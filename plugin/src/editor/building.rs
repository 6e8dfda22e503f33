//! Building an index while the voice runs: two buttons, progress and result.
//!
//! The engine does the work (`voxmeld_core::builder`): it continues, and its result is
//! loaded, even if the window is closed.

use super::files::{Answer, Dialog, Part};
use super::style::{ACCENT, MUTED, WARNING};
use super::widgets::{self, name};
use crate::paths;
use egui::{ProgressBar, RichText, Ui};
use voxmeld_core::builder::IndexRequest;
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::status::IndexWork;

/// Width of the stop button.
const STOP: f32 = 52.0;

/// State of the row between frames.
#[derive(Default)]
pub struct BuildRow {
    dialog: Option<Dialog>,
    no_dialog: bool,
}

impl BuildRow {
    /// Draws the row and starts requests.
    pub fn show(&mut self, ui: &mut Ui, engine: &EngineHandle, work: &IndexWork) {
        ui.horizontal(|ui| {
            name(ui, "Own index");
            match work {
                IndexWork::Running { fraction, .. } => running(ui, engine, *fraction, &line(work)),
                _ => self.buttons(ui, engine),
            }
        });
        match work {
            IndexWork::None | IndexWork::Running { .. } => {}
            IndexWork::Done { .. } => {
                ui.label(RichText::new(line(work)).color(MUTED).small());
            }
            IndexWork::Failed { .. } => {
                ui.label(RichText::new(line(work)).color(WARNING).small());
            }
        }
        if self.no_dialog {
            let hint = "No file dialog is available: install zenity, or use voxmeld-cli index build --wavs.";
            ui.label(RichText::new(hint).color(WARNING).small());
        }
        self.take_answer(engine);
    }

    fn buttons(&mut self, ui: &mut Ui, engine: &EngineHandle) {
        let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        let folder = widgets::button(ui, "From a folder…", false, width);
        let folder =
            folder.on_hover_text("Builds an index of all recordings in a folder with this voice's encoder");
        if folder.clicked() && self.dialog.is_none() {
            self.dialog = Some(Dialog::open(Part::Recordings));
        }
        let input = widgets::button(ui, "Add last 30 s of input", false, width);
        let input = input.on_hover_text(
            "Adds the last 30 s of input to the chosen index; a pack's index is not changed, its copy is extended",
        );
        if input.clicked() {
            engine.start_index_request(IndexRequest::LastInput {
                own: paths::own_dir(),
            });
        }
    }

    fn take_answer(&mut self, engine: &EngineHandle) {
        let Some(answer) = self.dialog.as_ref().and_then(Dialog::poll) else {
            return;
        };
        self.dialog = None;
        self.no_dialog = matches!(answer, Answer::NoDialog);
        if let Answer::File(folder) = answer {
            engine.start_index_request(IndexRequest::Folder(folder));
        }
    }
}

fn running(ui: &mut Ui, engine: &EngineHandle, fraction: f32, text: &str) {
    let width = ui.available_width() - STOP - ui.spacing().item_spacing.x;
    ui.add(
        ProgressBar::new(fraction)
            .desired_width(width)
            .fill(ACCENT)
            .text(RichText::new(text).small()),
    );
    let stop = widgets::button(ui, "Stop", false, STOP);
    if stop
        .on_hover_text("Stops building; the same button continues from there")
        .clicked()
    {
        engine.cancel_index_request();
    }
}

/// Progress or result in one line.
fn line(work: &IndexWork) -> String {
    match work {
        IndexWork::None => String::new(),
        IndexWork::Running { what, remaining, .. } => match remaining {
            Some(remaining) => format!("{what}, {} s left", remaining.as_secs()),
            None => what.clone(),
        },
        IndexWork::Done { summary } => format!("Index: {summary}"),
        IndexWork::Failed { why } => format!("No index: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn line_shows_progress_with_time_left_and_the_failure() {
        let what = "2 of 7: a.wav".to_owned();
        let remaining = Some(Duration::from_millis(12_700));
        let fraction = 0.3;
        assert_eq!(
            line(&IndexWork::Running {
                fraction,
                what,
                remaining
            }),
            "2 of 7: a.wav, 12 s left"
        );
        let why = "there is no input yet".to_owned();
        assert_eq!(
            line(&IndexWork::Failed { why }),
            "No index: there is no input yet"
        );
        assert_eq!(line(&IndexWork::None), "");
    }
}
