//! What steers the engine across threads, apart from what is shown of it
//! ([`crate::status`]).

use crate::loads::PendingLoads;
use crate::selection::EncoderChoice;
use parking_lot::Mutex;

/// What the user's voice is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum VoiceState {
    /// Nothing was chosen.
    #[default]
    NoVoice,
    /// Files are being read.
    Loading {
        /// 0..1.
        progress: f32,
        /// What is being done, in words.
        what: String,
    },
    /// It sounds.
    Ready {
        /// Its name.
        name: String,
    },
    /// It cannot sound.
    Failed {
        /// Why, in a sentence.
        why: String,
    },
}

/// What main thread, loader and worker decide by. The audio thread touches none of it.
#[derive(Debug, Default)]
pub struct ControlState {
    /// What the voice is doing. A voice that failed is loaded again where the same one
    /// is asked for; one that sounds is kept where the next cannot be loaded.
    /// Written by loader and worker.
    pub voice: Mutex<VoiceState>,
    /// The encoder of the voice that was loaded: indices are made with it. Written by
    /// the loader.
    pub encoder: Mutex<Option<EncoderChoice>>,
    /// Loads that were asked for and are not done: an offline render waits for them.
    pub loads: PendingLoads,
}
