//! Access of the editor to parameters and engine.

use crate::params::VoxmeldParams;
use parking_lot::Mutex;
use std::sync::Arc;
use voxmeld_core::engine::EngineHandle;

/// Access of the editor to parameters and engine.
pub struct EditorLink {
    /// Parameters and the chosen voice.
    pub params: Arc<VoxmeldParams>,
    /// Status and commands.
    pub engine: EngineHandle,
    /// Why the plugin could not be activated, if so.
    pub activation_error: Arc<Mutex<Option<String>>>,
    /// Why a setting is not in use.
    pub restart_note: Arc<Mutex<Option<String>>>,
}
