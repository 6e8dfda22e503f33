//! Gap of nice-plug 0.4.2: its request for a restart sends one flag, on its
//! background thread. By the specification, each of the two flags here requests
//! deactivation and activation. JUCE hosts react only to the first one,
//! and then read the latency; others react only to the second.
//!
//! To delete once nice-plug sends both on the host's thread: this file and the
//! branch in `Bridge::request_restart`.

use super::host_messages::HostMessages;
use crate::bridge::Shared;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::RestartFlags_::{kIoChanged, kLatencyChanged};
use std::sync::Arc;

/// Requests the host to deactivate and activate the plugin. Not on the audio thread.
pub fn request(messages: &HostMessages) {
    messages.send_restart(kIoChanged | kLatencyChanged);
}

/// Forwards the plugin's restart requests to the host, as long as the instance
/// lives.
pub(super) fn connect(shared: &Shared, messages: &Arc<HostMessages>) {
    #[cfg(any(windows, target_os = "macos"))]
    {
        let messages = Arc::downgrade(messages);
        shared.set_delivery(Box::new(move || {
            if let Some(messages) = messages.upgrade() {
                messages.deliver();
            }
        }));
    }
    let messages = Arc::downgrade(messages);
    shared.set_restart_handler(Box::new(move || {
        if let Some(messages) = messages.upgrade() {
            request(&messages);
        }
    }));
}
