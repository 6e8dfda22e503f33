//! State shared by a plugin and the export around it.

use super::outputs::{OutputQueue, OutputValue};
use super::timeline::Timeline;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Requests the host to deactivate and activate the plugin. Never called on the audio
/// thread.
type RestartHandler = Box<dyn Fn() + Send + Sync>;

/// One per instance.
#[derive(Default)]
pub(crate) struct Shared {
    pub timeline: Timeline,
    pub outputs: OutputQueue,
    offline: AtomicBool,
    starts_over: AtomicBool,
    restart: OnceLock<RestartHandler>,
    #[cfg(any(windows, target_os = "macos"))]
    delivery: OnceLock<RestartHandler>,
}

impl Shared {
    /// Export: a host block begins.
    ///
    /// # Real-time
    /// Atomic loads and stores.
    pub fn begin_block(&self) {
        self.timeline.begin_block();
        self.outputs.clear();
    }

    /// Plugin: values of all output parameters from `position` on.
    ///
    /// # Real-time
    /// Atomic loads and stores.
    pub fn publish(&self, position: u64, values: &[f32]) {
        let offset = self.timeline.offset_in_block(position);
        for (output, &value) in values.iter().enumerate() {
            self.outputs.push(OutputValue {
                offset,
                output,
                value,
            });
        }
    }

    /// Sets whether the host renders offline.
    pub fn set_offline(&self, offline: bool) {
        self.offline.store(offline, Relaxed);
    }

    /// See [`Self::set_offline`].
    pub fn is_offline(&self) -> bool {
        self.offline.load(Relaxed)
    }

    /// Export: runs `reset`, and makes the plugin carry out the resets that arrive meanwhile.
    ///
    /// # Real-time
    /// Two atomic stores, and `reset`.
    pub fn start_over(&self, reset: impl FnOnce()) {
        self.starts_over.store(true, Relaxed);
        reset();
        self.starts_over.store(false, Relaxed);
    }

    /// Plugin: true if a reset must be carried out.
    pub fn starts_over(&self) -> bool {
        self.starts_over.load(Relaxed)
    }

    /// Export: sets what [`Self::request_restart`] calls. Only the first call counts.
    pub fn set_restart_handler(&self, handler: RestartHandler) {
        // Called once per instance; a second handler would be dropped.
        let _ = self.restart.set(handler);
    }

    /// Export: sets what [`Self::deliver`] calls. Only the first call counts.
    #[cfg(any(windows, target_os = "macos"))]
    pub fn set_delivery(&self, delivery: RestartHandler) {
        // As above.
        let _ = self.delivery.set(delivery);
    }

    /// Delivers the calls that wait for the host's main thread. Main thread.
    #[cfg(any(windows, target_os = "macos"))]
    pub fn deliver(&self) {
        if let Some(deliver) = self.delivery.get() {
            deliver();
        }
    }

    /// Requests a restart from the host; does nothing if no handler is set. Not on the
    /// audio thread.
    pub fn request_restart(&self) {
        if let Some(restart) = self.restart.get() {
            restart();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_have_the_offset_of_their_position_in_the_block() {
        let shared = Shared::default();
        shared.timeline.set_position(1_000);
        shared.begin_block();
        shared.publish(1_007, &[0.5, 0.25]);
        let values: Vec<(u32, usize, f32)> = shared
            .outputs
            .iter()
            .map(|value| (value.offset, value.output, value.value))
            .collect();
        assert_eq!(values, [(7, 0, 0.5), (7, 1, 0.25)]);
    }
}
