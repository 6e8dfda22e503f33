//! The editor in a window of the host.

use super::Instance;
use anyhow::{Context, Result};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui, Window};

impl Instance {
    /// Opens the editor in an X11 window.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn open_editor(&mut self, window: u64) -> Result<()> {
        let configuration = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        let handle = self.plugin.plugin_handle();
        let gui: PluginGui = handle.get_extension().context("no editor")?;
        gui.create(&handle, configuration)?;
        // SAFETY: the host's window outlives the editor.
        unsafe { gui.set_parent(&handle, Window::from_x11_handle(window)) }?;
        gui.show(&handle)?;
        Ok(())
    }

    /// Closes the editor.
    ///
    /// # Errors
    /// If the plugin has no editor.
    pub fn close_editor(&mut self) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let gui: PluginGui = handle.get_extension().context("no editor")?;
        gui.destroy(&handle);
        Ok(())
    }
}
