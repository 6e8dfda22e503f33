//! The plugin's side of the connection to the export around it.
//!
//! | what | direction | thread |
//! | --- | --- | --- |
//! | process mode, per block where the format has it | export to plugin | audio |
//! | whether a reset must be carried out | export to plugin | audio |
//! | position in the stream, grid of control reads | plugin to export | audio |
//! | values of output parameters with sample offsets | plugin to export | audio |
//! | request for a restart | plugin to export | audio, then nice-plug's background thread |
//! | parameters and editor | plugin to export | main, while the instance is constructed |
//!
//! Everything on the audio thread is an atomic load or store, except the request
//! for a restart, which is nice-plug's own lock-free queue of tasks.

mod outputs;
mod shared;
mod task;
mod timeline;

pub(crate) mod construction;

pub(crate) use outputs::OutputQueue;
pub(crate) use shared::Shared;
pub use task::BridgeTask;
pub use timeline::ControlGrid;
pub(crate) use timeline::Timeline;

use construction::Format;
use nice_plug::prelude::{AsyncExecutor, Params, Plugin, ProcessContext, ProcessMode};
use std::sync::Arc;
use task::Task;

/// One per plugin instance, made by its constructor. Without an export around it,
/// as in the standalone program, it behaves as plain nice-plug does.
#[derive(Clone)]
pub struct Bridge {
    shared: Arc<Shared>,
    format: Option<Format>,
}

impl Bridge {
    /// Call once, in the plugin's constructor, with the plugin's parameters.
    #[must_use]
    pub fn new(params: Arc<dyn Params>) -> Self {
        let shared = Arc::default();
        let format = construction::register(&shared, params);
        Self { shared, format }
    }

    /// The value that `Plugin::editor` must return: for VST3 the window belongs to the
    /// export, and the editor must be hidden from nice-plug.
    #[must_use]
    pub fn editor<P: Plugin>(
        &self,
        editor: Option<P::Editor>,
        executor: AsyncExecutor<P>,
    ) -> Option<P::Editor> {
        construction::keep_editor(editor, executor)
    }

    /// Runs a task of the exports; called by the plugin's task executor, on
    /// nice-plug's background thread.
    pub fn run(&self, task: BridgeTask) {
        match task.0 {
            Task::Barrier(done) => {
                // Fails only if the waiting thread has given up.
                let _ = done.try_send(());
            }
            Task::RequestRestart => self.shared.request_restart(),
            #[cfg(any(windows, target_os = "macos"))]
            Task::Deliver => self.shared.deliver(),
        }
    }

    /// Stores the process mode that nice-plug reports at activation. In VST3 the mode of
    /// each block replaces it.
    pub fn set_activation_mode(&self, mode: ProcessMode) {
        self.shared.set_offline(mode == ProcessMode::Offline);
    }

    /// True while the host renders offline.
    ///
    /// # Real-time
    /// One atomic load.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.shared.is_offline()
    }

    /// True if `Plugin::reset` must start the stream over. If false, it must do nothing:
    /// nice-plug 0.4.2 calls it at every start of processing, even where the
    /// host's timeline has no gap.
    ///
    /// # Real-time
    /// One atomic load.
    #[must_use]
    pub fn must_start_over(&self) -> bool {
        self.format.is_none() || self.shared.starts_over()
    }

    /// Requests the host to deactivate and activate the plugin.
    ///
    /// # Real-time
    /// As real-time safe as nice-plug's own request.
    pub fn request_restart<P>(&self, context: &mut impl ProcessContext<P>)
    where
        P: Plugin<BackgroundTask: From<BridgeTask>>,
    {
        if self.format == Some(Format::Vst3) {
            context.execute_background(BridgeTask::request_restart().into());
        } else {
            context.request_restart();
        }
    }

    /// Sets the position of the next sample to process, counted since the
    /// reset. The plugin calls this at activation, at resets and after each call of
    /// `process`.
    ///
    /// # Real-time
    /// One atomic store.
    pub fn set_position(&self, position: u64) {
        self.shared.timeline.set_position(position);
    }

    /// Sets the samples at which controls are read; `None`: none. VST3's automation curves are evaluated there.
    ///
    /// # Real-time
    /// Atomic stores.
    pub fn set_control_grid(&self, grid: Option<ControlGrid>) {
        self.shared.timeline.set_control_grid(grid);
    }

    /// Publishes values (0..=1) of the output parameters, in the order of
    /// [`OUTPUT_PARAMS`](crate::ExportedPlugin::OUTPUT_PARAMS), that hold from
    /// `position` on: a sample of the current block, counted since the reset.
    /// Positions must not decrease within a block.
    ///
    /// # Real-time
    /// Atomic loads and stores.
    pub fn publish(&self, position: u64, values: &[f32]) {
        self.shared.publish(position, values);
    }
}
