//! The plugin's editor as the program's window. It runs on the main thread, the session on another.

use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::editor::{Editor, EditorHandle};
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use std::sync::Arc;
use voxmeld::editor::{EditorLink, create};
use voxmeld::params::VoxmeldParams;
use voxmeld_core::engine::EngineHandle;

/// What the window shows and changes.
pub struct Shown {
    pub params: Arc<VoxmeldParams>,
    pub engine: EngineHandle,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// A sentence, if no window can be opened.
pub fn run(shown: Shown) -> Result<(), String> {
    let link = EditorLink {
        params: shown.params.clone(),
        engine: shown.engine,
        activation_error: Arc::default(),
        restart_note: Arc::default(),
    };
    let Some(editor) = create(link) else {
        return Err("this build has no window".into());
    };
    let context = GuiContext::new(Arc::new(Setter { params: shown.params }));
    let window = editor
        .spawn(None, false, None, context, None)
        .map_err(|error| error.to_string())?;
    run_until_closed(&editor, window.window)?;
    drop(window.handle);
    Ok(())
}

fn run_until_closed<E: Editor>(_: &E, window: <E::Handle as EditorHandle>::Window) -> Result<(), String> {
    <E::Handle as EditorHandle>::run_until_closed(window).map_err(|error| error.to_string())
}

/// Takes the place of a host: sets parameters directly.
struct Setter {
    /// Keeps the parameters that pointers refer to.
    params: Arc<VoxmeldParams>,
}

impl GuiContextInner for Setter {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    unsafe fn raw_begin_set_parameter(&self, _: ParamPtr) {}

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        debug_assert!(Arc::strong_count(&self.params) > 0);
        // SAFETY: the editor passes parameters of `self.params`; nothing but atomics is stored.
        unsafe { param._internal_set_normalized_value(normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, _: ParamPtr) {}

    fn get_state(&self) -> PluginState {
        // The editor of this plugin neither asks for states nor sets them.
        PluginState {
            version: String::new(),
            params: Default::default(),
            fields: Default::default(),
        }
    }

    fn set_state(&self, _: PluginState) {}

    fn request_restart(&self) {
        // The session sees another hop by itself.
    }
}
