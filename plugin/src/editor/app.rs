//! What the window is_stateful from frame to frame.

use super::blend::BlendPage;
use super::building::BuildRow;
use super::link::EditorLink;
use super::status::{self, Meter};
use super::voice::VoicePanel;
use nice_plug::context::gui::GuiContext;
use std::time::Instant;
use voxmeld_core::pack::PackManifest;
use voxmeld_core::status::EngineStatus;

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
    pub(super) link: EditorLink,
    pub(super) gui: Option<GuiContext>,
    pub(super) packs: Vec<PackManifest>,
    pub(super) voice: VoicePanel,
    pub(super) building: BuildRow,
    pub(super) blend: BlendPage,
    pub(super) page: Page,
    pub(super) input: Meter,
    pub(super) output: Meter,
    pub(super) drawn: Instant,
    /// When the log was last copied; the button says so for a moment.
    pub(super) log_copied: Option<Instant>,
}

impl App {
    /// Before the first window.
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
            drawn: Instant::now(),
            log_copied: None,
        }
    }

    /// Everything that is wrong, the most urgent first.
    pub(super) fn problems(&self, status: &EngineStatus) -> Vec<String> {
        let refusal = self.link.refusal.lock().clone();
        status::problems(refusal, self.link.params.voice.problem(), status)
    }
}
