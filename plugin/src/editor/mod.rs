//! The editor window.
use crate::core_api::engine::EngineHandle;
use crate::params::VoxmeldParams;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug_egui::{EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, baseview, create_egui_editor, widgets::ParamSlider};
use parking_lot::Mutex;
use std::sync::Arc;

/// The editor's type.
pub type VoxmeldEditor = EguiEditor<App>;

/// What the editor reads and writes.
pub struct EditorLink {
    /// Parameters.
    pub params: Arc<VoxmeldParams>,
    /// Engine.
    pub engine: EngineHandle,
    /// Refusal.
    pub refusal: Arc<Mutex<Option<String>>>,
}

/// Makes the editor.
#[must_use]
pub fn create(link: EditorLink) -> Option<VoxmeldEditor> {
    create_egui_editor(
        EguiEditorState::from_size(LogicalSize::new(720.0, 560.0), 1.0),
        RepaintNotifier::new(),
        EguiNiceSettings::new().with_tile("Voxmeld"),
        App { link, gui: None },
    )
}

/// The app.
pub struct App {
    link: EditorLink,
    gui: Option<GuiContext>,
}

impl NiceEguiApp for App {
    fn build(&mut self, _egui_ctx: egui::Context, gui: GuiContext, _frame: &mut Frame) -> Result<(), baseview::HandlerError> {
        self.gui = Some(gui);
        Ok(())
    }
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(gui) = self.gui.clone() else { return };
        let setter = gui.param_setter();
        ui.add(ParamSlider::for_param(&self.link.params.blend_ratio, &setter));
    }
}
