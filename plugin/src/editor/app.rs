//! State of the window from frame to frame.

use super::blend::BlendPage;
use super::building::BuildRow;
use super::link::EditorLink;
use super::status::{self, Meter};
use super::voice::VoicePanel;
use nice_plug::context::gui::GuiContext;
use std::time::Instant;
use voxmeld_core::pack::PackManifest;
use voxmeld_core::status::EngineStatus;

/// The page between header and footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Voice, sound and engine.
    Voice,
    /// Blending.
    Blend,
    /// The pitch.
    Pitch,
}

/// Contents of the window; kept as long as the instance, across windows.
pub struct App {
    pub(super) link: EditorLink,
    pub(super) gui: Option<GuiContext>,
    pub(super) packs: Vec<PackManifest>,
    pub(super) voice: VoicePanel,
    pub(super) building: BuildRow,
    pub(super) blend: BlendPage,
    pub(super) page: Page,
    pub(super) input: Meter,
    pub(super) output: Meter,
    pub(super) last_drawn: Instant,
    /// When the log was last copied; the button shows it for a moment.
    pub(super) log_copied: Option<Instant>,
}

impl App {
    /// State before the first window is opened.
    pub(super) fn new(link: EditorLink) -> Self {
        Self {
            link,
            gui: None,
            packs: Vec::new(),
            voice: VoicePanel::default(),
            building: BuildRow::default(),
            blend: BlendPage::default(),
            page: Page::Voice,
            input: Meter::default(),
            output: Meter::default(),
            last_drawn: Instant::now(),
            log_copied: None,
        }
    }

    /// All problems, the most urgent first.
    pub(super) fn problems(&self, status: &EngineStatus) -> Vec<String> {
        let activation_error = self.link.activation_error.lock().clone();
        let restart = self.link.restart_note.lock().clone();
        let params = &self.link.params;
        let session = [
            params.format.problem(),
            params.voice.problem(),
            params.blend.scenes.problem(),
        ];
        status::problems(activation_error, restart, session, status)
    }
}
