//! State on which the engine's threads base decisions; state that is only displayed is in
//! [`crate::status`].

use crate::geometry::Geometry;
use crate::loads::PendingLoads;
use crate::selection::{EncoderChoice, KnownFiles, VoiceSelection};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};

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
    /// State of the voice. A failed voice is loaded again if it is requested
    /// again; a running voice is kept if the next one cannot be loaded.
    /// Written by loader and worker.
    pub voice: Mutex<VoiceState>,
    /// The encoder of the loaded voice: indices are made with it. Written by the loader.
    pub encoder: Mutex<Option<EncoderChoice>>,
    /// The selection that runs, and the one before it.
    pub running: Mutex<RunningSelection>,
    /// Paths at which the files of the requested voice were found, with sizes and checksums.
    /// Written by the loader; added to the selection when a session is saved.
    pub files: Mutex<KnownFiles>,
    /// The stream of the last activation: a voice is tried with it first. Written by the main thread.
    pub stream: Mutex<Option<Geometry>>,
    /// Delay in microseconds of the requested voice: streams must make room for it. Written by the main thread with a
    /// request, and by the loader.
    pub voice_delay_us: AtomicU32,
    /// Delay in microseconds of the voice that was loaded last, which runs on if the requested one cannot be loaded.
    pub running_delay_us: AtomicU32,
    /// RVC voices and encoders from their weights are loaded in 8 bits. Written by the main thread.
    pub eight_bits: AtomicBool,
    /// Requested loads that are not done; an offline render waits for them.
    pub loads: PendingLoads,
}

/// The selection of the running voice. It differs from the requested one if that was rejected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunningSelection {
    current: Option<VoiceSelection>,
    previous: Option<VoiceSelection>,
    last_was_refused: bool,
}

impl RunningSelection {
    /// This selection was loaded.
    pub fn loaded(&mut self, selection: VoiceSelection) {
        self.previous = self.current.replace(selection);
        self.last_was_refused = false;
    }

    /// The last request could not be loaded; the previous voice continues, if there is one.
    pub fn refused(&mut self) {
        self.last_was_refused = true;
    }

    /// The loaded voice failed in its first hop; the previous voice continues.
    pub fn reverted(&mut self) {
        self.current = self.previous.take();
        self.last_was_refused = true;
    }

    /// No voice is chosen.
    pub fn unloaded(&mut self) {
        *self = Self::default();
    }

    /// True if the last request was rejected; the same selection may then be requested again.
    #[must_use]
    pub fn last_was_refused(&self) -> bool {
        self.last_was_refused
    }

    /// The selection that still runs because the requested one was rejected.
    #[must_use]
    pub fn instead_of_refused(&self) -> Option<&VoiceSelection> {
        self.current.as_ref().filter(|_| self.last_was_refused)
    }
}
