//! Starts, stops and blocks, passed to the plugin unchecked.

use super::plugin::RawPlugin;
use anyhow::{Context, Result, ensure};
use clap_sys::events::clap_input_events;
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_plugin_params};
use clap_sys::process::{clap_process, clap_process_status};

impl RawPlugin {
    /// Calls `start_processing`; the plugin must be active.
    ///
    /// # Errors
    /// If the plugin returns false.
    pub fn start_processing(&self) -> Result<()> {
        let start = self.table().start_processing.context("no start_processing")?;
        // SAFETY: the plugin's own function.
        let started = self.as_audio_thread(|| Ok(unsafe { start(self.pointer()) }))?;
        ensure!(started, "start_processing");
        Ok(())
    }

    /// Calls `stop_processing`.
    ///
    /// # Errors
    /// If the function is missing.
    pub fn stop_processing(&self) -> Result<()> {
        let stop = self.table().stop_processing.context("no stop_processing")?;
        self.as_audio_thread(|| {
            // SAFETY: the plugin's own function.
            unsafe { stop(self.pointer()) };
            Ok(())
        })
    }

    /// Passes a block to the plugin unchecked; returns the plugin's status. The block's pointers are the
    /// caller's responsibility, and may be invalid, because that is tested.
    ///
    /// # Errors
    /// If the function is missing.
    #[expect(
        clippy::not_unsafe_ptr_arg_deref,
        reason = "wrong pointers are what is tested, and only the plugin reads them"
    )]
    pub fn process_raw(&self, block: *const clap_process) -> Result<clap_process_status> {
        let process = self.table().process.context("no process")?;
        // SAFETY: the plugin's own function; it must handle the invalid pointers of the test.
        self.as_audio_thread(|| Ok(unsafe { process(self.pointer(), block) }))
    }

    /// Calls `params.flush` with an unchecked list.
    ///
    /// # Errors
    /// If the function is missing.
    #[expect(
        clippy::not_unsafe_ptr_arg_deref,
        reason = "wrong pointers are what is tested, and only the plugin reads them"
    )]
    pub fn flush_raw(&self, events: *const clap_input_events) -> Result<()> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let flush = params.flush.context("no flush")?;
        // SAFETY: the plugin's own function; it must handle the test's invalid pointers.
        unsafe { flush(self.pointer(), events, std::ptr::null()) };
        Ok(())
    }
}
