//! The editor window.
//!
//! Thread: the host's main thread on Windows and macOS, its own window thread on X11. It
//! draws [`voxmeld_core::engine::EngineHandle::status`] about thirty times a second, sets
//! parameters through the host, and queues voices to load. It never waits for the engine
//! or a file dialog ([`files`]).

mod app;
pub mod blend;
pub mod building;
mod cards;
pub mod files;
pub mod layout;
pub mod library;
mod link;
mod pitch;
pub mod plots;
pub mod status;
pub mod style;
pub mod voice;
pub mod widgets;

pub use app::{App, Page};
pub use link::EditorLink;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::ResizeHint;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, baseview,
    create_egui_editor,
};
use std::time::{Duration, Instant};
use voxmeld_core::pack;

/// The editor's type.
pub type VoxmeldEditor = EguiEditor<App>;

/// Size of a new window, in points.
const SIZE: LogicalSize<f32> = LogicalSize {
    width: 840.0,
    height: 732.0,
};

/// In smaller windows texts would be cut off.
const MIN_SIZE: LogicalSize<f32> = LogicalSize {
    width: 760.0,
    height: 710.0,
};

/// Interval at which meters and progress are redrawn; dragging redraws immediately.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// Creates the editor without a window.
#[must_use]
pub fn create(link: EditorLink) -> Option<VoxmeldEditor> {
    create_egui_editor(
        EguiEditorState::from_size(SIZE, 1.0),
        RepaintNotifier::new(),
        EguiNiceSettings::new()
            .with_tile("Voxmeld")
            .with_resize_hint(ResizeHint::resizable().with_min_logical_size(MIN_SIZE)),
        App::new(link),
    )
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        style::apply(&context);
        self.gui = Some(gui);
        // Read again for each window: packs and voices may have been installed meanwhile.
        self.packs = pack::installed_packs();
        self.voice.refresh();
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(gui) = self.gui.clone() else { return };
        let status = self.link.engine.status();
        let now = Instant::now();
        let elapsed = now.duration_since(std::mem::replace(&mut self.last_drawn, now));
        let (input_peak, output_peak) = self.link.engine.take_peaks();
        self.input.update(input_peak, elapsed);
        self.output.update(output_peak, elapsed);
        layout::show(self, &gui, &status, ui);
        ui.ctx().request_repaint_after(FRAME_TIME);
    }
}
