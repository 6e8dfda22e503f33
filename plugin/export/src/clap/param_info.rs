//! Two gaps of nice-plug 0.4.2 in `clap_plugin_params.get_info`:
//!
//! - The index one past the last parameter passes its check and panics, which crashes
//!   the host.
//! - A parameter can be read-only only if it is also hidden, so an output parameter
//!   cannot be seen or recorded.
//!
//! To delete once nice-plug checks the index and has visible read-only parameters:
//! this file, and the `get_info` of `instance.rs`.

use clap_sys::ext::params::{CLAP_PARAM_IS_READONLY, clap_param_info, clap_plugin_params};
use nice_plug::wrapper::clap::clap_plugin;

/// nice-plug's parameter list, with the numeric ids of the output parameters.
pub(super) struct ParamInfo {
    inner: clap_plugin_params,
    output_ids: Vec<Option<u32>>,
}

impl ParamInfo {
    /// `output_indices` are the positions of the output parameters in nice-plug's list.
    ///
    /// # Safety
    /// `plugin` must be nice-plug's object and `inner` its parameter extension.
    pub unsafe fn new(
        plugin: *const clap_plugin,
        inner: clap_plugin_params,
        output_indices: impl Iterator<Item = Option<usize>>,
    ) -> Self {
        let without_outputs = Self {
            inner,
            output_ids: Vec::new(),
        };
        let output_ids = output_indices
            .map(|index| {
                // SAFETY: all zero is a valid description: numbers, characters and a pointer.
                let mut info: clap_param_info = unsafe { std::mem::zeroed() };
                let index = u32::try_from(index?).ok()?;
                // SAFETY: the caller's promise; `info` outlives the call.
                unsafe { without_outputs.get(plugin, index, &raw mut info) }.then_some(info.id)
            })
            .collect();
        Self {
            output_ids,
            ..without_outputs
        }
    }

    /// Ids of the output parameters, in the order in which the plugin publishes them.
    pub fn output_ids(&self) -> &[Option<u32>] {
        &self.output_ids
    }

    /// Fills `info` as nice-plug does, but with output parameters read-only and
    /// visible; false for an index out of range.
    ///
    /// # Safety
    /// As `clap_plugin_params.get_info`, for nice-plug's object or one with its
    /// `plugin_data`.
    pub unsafe fn get(&self, plugin: *const clap_plugin, index: u32, info: *mut clap_param_info) -> bool {
        let (Some(count), Some(get_info)) = (self.inner.count, self.inner.get_info) else {
            return false;
        };
        // SAFETY: the caller's promise.
        if index >= unsafe { count(plugin) } || !unsafe { get_info(plugin, index, info) } {
            return false;
        }
        // SAFETY: nice-plug has written to it, so it is not null.
        let info = unsafe { &mut *info };
        if self.output_ids.contains(&Some(info.id)) {
            info.flags = CLAP_PARAM_IS_READONLY;
        }
        true
    }
}
