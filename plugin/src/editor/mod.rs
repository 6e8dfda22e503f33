//! The editor window.
//!
//! Thread: the host's main thread on Windows and macOS, a window thread of its
//! own on X11. It draws what [`EngineHandle::status`] says about thirty times a
//! second, sets parameters through the host, and queues voices to load. It
//! waits for nothing: not for the engine, not for a file dialog ([`files`]).

pub mod blend;
pub mod building;
pub mod files;
pub mod layout;
pub mod plots;
pub mod status;
pub mod style;
pub mod voice;
pub mod widgets;

use crate::params::VoxmeldParams;
use blend::BlendPage;
use building::BuildRow;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::ResizeHint;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, baseview,
    create_egui_editor,
};
use parking_lot::Mutex;
use status::Meter;
use std::sync::Arc;
use std::time::{Duration, Instant};
use voice::VoicePanel;
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::pack::{self, PackManifest};
use voxmeld_core::status::EngineStatus;

/// The editor's type.
pub type VoxmeldEditor = EguiEditor<App>;

/// Size of a new window, in points.
const SIZE: LogicalSize<f32> = LogicalSize {
    width: 840.0,
    height: 700.0,
};

/// Below this, texts would be cut off.
const MIN_SIZE: LogicalSize<f32> = LogicalSize {
    width: 760.0,
    height: 678.0,
};

/// Meters and progress move this often; a knob in hand redraws by itself.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// What the editor reads and writes.
pub struct EditorLink {
    /// Values and the chosen voice.
    pub params: Arc<VoxmeldParams>,
    /// Status, and what can be chosen.
    pub engine: EngineHandle,
    /// Why the plugin could not be activated, if so.
    pub refusal: Arc<Mutex<Option<String>>>,
}

/// Makes the editor; no window yet.
#[must_use]
pub fn create(link: EditorLink) -> Option<VoxmeldEditor> {
    create_egui_editor(
        EguiEditorState::from_size(SIZE, 1.0),
        RepaintNotifier::new(),
        EguiNiceSettings::new()
            .with_tile("Voxmeld")
            .with_resize_hint(ResizeHint::resizable().with_min_logical_size(MIN_SIZE)),
        App {
            link,
            gui: None,
            packs: Vec::new(),
            voice: VoicePanel::default(),
            building: BuildRow::default(),
            blend: BlendPage::default(),
            page: Page::Voice,
            input: Meter::default(),
            output: Meter::default(),
            drawn: Instant::now(),
        },
    )
}

/// What the window shows between header and footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Voice, sound and engine.
    Voice,
    /// Blending.
    Blend,
}

/// The window's contents; lives as long as the instance, through many windows.
pub struct App {
    link: EditorLink,
    gui: Option<GuiContext>,
    packs: Vec<PackManifest>,
    voice: VoicePanel,
    building: BuildRow,
    blend: BlendPage,
    page: Page,
    input: Meter,
    output: Meter,
    drawn: Instant,
}

impl App {
    /// Everything that is wrong, the most urgent first.
    fn problems(&self, status: &EngineStatus) -> Vec<String> {
        let refusal = self.link.refusal.lock().clone();
        status::problems(refusal, self.link.params.voice.problem(), status)
    }
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
        // A few small manifests; packs are installed while no window is open.
        self.packs = pack::installed_packs();
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(gui) = self.gui.clone() else { return };
        let status = self.link.engine.status();
        let now = Instant::now();
        let elapsed = now.duration_since(std::mem::replace(&mut self.drawn, now));
        self.input.feed(status.input_peak, elapsed);
        self.output.feed(status.output_peak, elapsed);
        layout::show(self, &gui, &status, ui);
        ui.ctx().request_repaint_after(FRAME_TIME);
    }
}
