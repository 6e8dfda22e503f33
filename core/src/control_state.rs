//! State that threads of the engine decide by; what is only shown is in
//! [`crate::status`].

use crate::loads::PendingLoads;
use crate::selection::EncoderChoice;
use parking_lot::Mutex;

/// State of the chosen voice.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum VoiceState {
    /// No voice is chosen.
    #[default]
    NoVoice,
    /// Files are being read.
    Loading {
        /// 0..1.
        progress: f32,
        /// What is being done, for the status line.
        what: String,
    },
    /// It is running.
    Ready {
        /// Its name.
        name: String,
    },
    /// It cannot run.
    Failed {
        /// Why, in a sentence.
        why: String,
    },
}

/// Shared by main thread, loader and worker. The audio thread does not use it.
#[derive(Debug, Default)]
pub struct ControlState {
    /// State of the voice. A failed voice is loaded again when the same one is
    /// requested; a running one is kept when the next cannot be loaded.
    /// Written by loader and worker.
    pub voice: Mutex<VoiceState>,
    /// The encoder of the loaded voice: indices are made with it. Written by the loader.
    pub encoder: Mutex<Option<EncoderChoice>>,
    /// Loads that were requested and are not done: an offline render waits for them.
    pub loads: PendingLoads,
}
