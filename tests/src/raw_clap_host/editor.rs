//! The plugin's editor.

use super::plugin::{RawPlugin, call};
use anyhow::{Context as _, Result, ensure};
use clap_sys::ext::gui::{
    CLAP_EXT_GUI, CLAP_WINDOW_API_X11, clap_plugin_gui, clap_window, clap_window_handle,
};

impl RawPlugin {
    /// Opens the editor in an X11 window.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn open_editor(&self, window: u32) -> Result<()> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        let api = CLAP_WINDOW_API_X11.as_ptr();
        ensure!(
            call!(gui, create, self.pointer(), api, false),
            "gui.create failed"
        );
        let parent = clap_window {
            api,
            specific: clap_window_handle { x11: window.into() },
        };
        ensure!(
            call!(gui, set_parent, self.pointer(), &raw const parent),
            "gui.set_parent failed"
        );
        ensure!(call!(gui, show, self.pointer()), "gui.show failed");
        Ok(())
    }

    /// The editor's [width, height] in pixels.
    ///
    /// # Errors
    /// If the plugin has no editor.
    pub fn editor_size(&self) -> Result<[u32; 2]> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        let [mut width, mut height] = [0, 0];
        let known = call!(gui, get_size, self.pointer(), &raw mut width, &raw mut height);
        ensure!(known, "gui.get_size failed");
        Ok([width, height])
    }

    /// Resizes the editor; false if the plugin rejects the size (in pixels).
    ///
    /// # Errors
    /// If the plugin has no editor.
    pub fn resize_editor(&self, width: u32, height: u32) -> Result<bool> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        Ok(call!(gui, set_size, self.pointer(), width, height))
    }

    /// Closes the editor.
    ///
    /// # Errors
    /// If the plugin has no editor.
    pub fn close_editor(&self) -> Result<()> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        call!(gui, destroy, self.pointer());
        Ok(())
    }
}
