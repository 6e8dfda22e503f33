//! Gap of nice-plug 0.4.2: while the plugin is active, it answers `clap_plugin_render.set` by requesting a restart, and
//! the plugin gets the new mode with the activation that follows. Until then, and for ever in hosts that do not act
//! on the request, the audio thread of a live stream would wait for the worker as in an offline render, and an offline
//! render would drop what is late.
//!
//! So each mode is published at once; the next block is processed in it.
//!
//! To delete once nice-plug passes on the mode of each block: this file, and `Bridge::is_offline`.

use crate::bridge::Shared;
use clap_sys::ext::render::{CLAP_RENDER_OFFLINE, clap_plugin_render_mode};

/// Publishes a mode that nice-plug has accepted; unknown ones are real time, as in nice-plug.
pub(super) fn publish(shared: &Shared, mode: clap_plugin_render_mode) {
    shared.set_offline(mode == CLAP_RENDER_OFFLINE);
}
