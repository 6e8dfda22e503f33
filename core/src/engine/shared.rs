//! What an engine and all its handles share.

use crate::builder::{IndexBuilder, IndexResult};
use crate::control_state::ControlState;
use crate::loader::LoaderCommand;
use crate::rt::Meters;
use crate::selection::VoiceSelection;
use crate::status::{IndexWork, StatusCells};
use crate::stream::StreamShared;
use crate::worker::WorkerCommand;
use crossbeam_channel::Sender;
use parking_lot::Mutex;
use std::sync::Arc;

/// What all handles share.
pub(super) struct Shared {
    pub control: Arc<ControlState>,
    pub status: Arc<StatusCells>,
    pub meters: Mutex<Arc<Meters>>,
    pub stream: Mutex<Option<Arc<StreamShared>>>,
    pub selection: Mutex<VoiceSelection>,
    pub load: Sender<LoaderCommand>,
    pub worker: Sender<WorkerCommand>,
    pub builder: IndexBuilder,
}

impl Shared {
    /// Asks the loader for a voice.
    pub fn ask(&self, selection: VoiceSelection) {
        self.control.loads.add();
        let _ = self.load.send(LoaderCommand::Load(Box::new(selection)));
    }

    /// An index was made for the voice `of`: it is loaded where that voice is still chosen.
    pub fn take_index(&self, of: &VoiceSelection, made: IndexResult) {
        let mut current = self.selection.lock();
        let same_voice = (&current.pack, &current.encoder, &current.synthesizer)
            == (&of.pack, &of.encoder, &of.synthesizer);
        let summary = if same_voice {
            let selection = VoiceSelection {
                takes: current.takes.clone(),
                ..made.selection
            };
            current.clone_from(&selection);
            drop(current);
            // Also where it is the same file as before: it has changed.
            self.ask(selection);
            made.said
        } else {
            format!(
                "{}; another voice was chosen meanwhile, so it is not loaded",
                made.said
            )
        };
        self.builder.publish(IndexWork::Done { summary });
    }
}
