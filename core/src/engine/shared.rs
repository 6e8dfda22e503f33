//! State shared by an engine and its handles.

use crate::builder::{IndexBuilder, IndexResult};
use crate::control_state::ControlState;
use crate::loader::{LoaderCommand, expected_delay_us};
use crate::rt::Meters;
use crate::selection::VoiceSelection;
use crate::status::{IndexWork, StatusCells};
use crate::stream::StreamShared;
use crate::worker::WorkerCommand;
use crossbeam_channel::Sender;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// State shared by an engine and its handles.
pub(super) struct Shared {
    pub control: Arc<ControlState>,
    pub status: Arc<StatusCells>,
    pub meters: Mutex<Arc<Meters>>,
    pub stream: Mutex<Option<Arc<StreamShared>>>,
    /// Locked while a stream starts or stops.
    pub starting: Mutex<()>,
    pub selection: Mutex<VoiceSelection>,
    pub load: Sender<LoaderCommand>,
    pub worker: Sender<WorkerCommand>,
    pub builder: IndexBuilder,
}

impl Shared {
    /// Requests a voice from the loader.
    pub fn request_load(&self, selection: VoiceSelection) {
        // The present voice plays until the new one is there.
        let running_us = self.control.running_delay_us.load(Relaxed);
        let delay_us = expected_delay_us(&selection).max(running_us);
        self.control.voice_delay_us.store(delay_us, Relaxed);
        self.control.loads.add();
        let _ = self.load.send(LoaderCommand::Load(Box::new(selection)));
    }

    /// Loads an index that was made for the voice `of`, if that voice is still chosen.
    pub fn load_index(&self, of: &VoiceSelection, made: IndexResult) {
        let mut current = self.selection.lock();
        let same_voice = self
            .control
            .files
            .lock()
            .complete(current.clone())
            .same_models(of);
        let summary = if same_voice {
            let selection = VoiceSelection {
                takes: current.takes.clone(),
                ..made.selection
            };
            current.clone_from(&selection);
            drop(current);
            // Even if the path is the same as before, because the file has changed.
            self.request_load(selection);
            made.summary
        } else {
            format!(
                "{}; it is not loaded, because another voice was chosen meanwhile",
                made.summary
            )
        };
        self.builder.publish(IndexWork::Done { summary });
    }
}
