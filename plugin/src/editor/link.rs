//! What the editor reads and writes.

use crate::params::VoxmeldParams;
use parking_lot::Mutex;
use std::sync::Arc;
use voxmeld_core::engine::EngineHandle;

/// The editor's way to parameters and engine.
pub struct EditorLink {
    /// Values and the chosen voice.
    pub params: Arc<VoxmeldParams>,
    /// Status, and what can be chosen.
    pub engine: EngineHandle,
    /// Why the plugin could not be activated, if so.
    pub refusal: Arc<Mutex<Option<String>>>,
}
