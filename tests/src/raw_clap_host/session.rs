//! Saving and restoring the plugin's state.

use super::plugin::{RawPlugin, call};
use anyhow::{Context as _, Result, ensure};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_plugin_state};
use clap_sys::stream::{clap_istream, clap_ostream};
use std::cell::RefCell;
use std::ffi::c_void;

impl RawPlugin {
    /// The state, as the plugin saves it.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn save(&self) -> Result<Vec<u8>> {
        unsafe extern "C" fn write(stream: *const clap_ostream, from: *const c_void, size: u64) -> i64 {
            // SAFETY: the stream is ours, and `from` points to `size` bytes.
            unsafe {
                let bytes = std::slice::from_raw_parts(from.cast::<u8>(), size as usize);
                let buffer = &*(*stream).ctx.cast::<RefCell<Vec<u8>>>();
                buffer.borrow_mut().extend_from_slice(bytes);
            }
            size as i64
        }
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE)?;
        let bytes = RefCell::new(Vec::new());
        let stream = clap_ostream {
            ctx: (&raw const bytes).cast_mut().cast(),
            write: Some(write),
        };
        ensure!(
            call!(state, save, self.pointer(), &raw const stream),
            "state.save failed"
        );
        Ok(bytes.into_inner())
    }

    /// Restores a state.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn load(&self, bytes: &[u8]) -> Result<()> {
        unsafe extern "C" fn read(stream: *const clap_istream, to: *mut c_void, size: u64) -> i64 {
            // SAFETY: the stream is ours, and `to` has room for `size` bytes.
            unsafe {
                let rest = &*(*stream).ctx.cast::<RefCell<&[u8]>>();
                let mut rest = rest.borrow_mut();
                let len = rest.len().min(size as usize);
                let (now, later) = rest.split_at(len);
                std::ptr::copy_nonoverlapping(now.as_ptr(), to.cast::<u8>(), len);
                *rest = later;
                len as i64
            }
        }
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE)?;
        let rest = RefCell::new(bytes);
        let stream = clap_istream {
            ctx: (&raw const rest).cast_mut().cast(),
            read: Some(read),
        };
        ensure!(
            call!(state, load, self.pointer(), &raw const stream),
            "state.load failed"
        );
        Ok(())
    }

    /// [`Self::load`] in the role of the audio thread. The standard forbids that, but some hosts do it.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn load_on_audio_thread(&self, bytes: &[u8]) -> Result<()> {
        self.as_audio_thread(|| self.load(bytes))
    }
}
