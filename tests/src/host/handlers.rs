//! The plugin's calls into the host, as clack passes them on.

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_host::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

/// Requests of the plugin that are not served yet, and counts.
#[derive(Debug, Default)]
pub struct HostRequests {
    /// Deactivate and activate again.
    pub restart: AtomicBool,
    /// Call back on the main thread.
    pub callback: AtomicBool,
    /// How often the plugin reported a changed latency.
    pub latency_changes: AtomicU32,
}

/// The calls that any thread may make.
pub struct Shared(pub Arc<HostRequests>);

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.0.restart.store(true, SeqCst);
    }

    fn request_process(&self) {}

    fn request_callback(&self) {
        self.0.callback.store(true, SeqCst);
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _was_destroyed: bool) {}
}

/// The calls on the main thread.
pub struct Main(pub Arc<HostRequests>);

impl MainThreadHandler<'_> for Main {
    fn initialized(&self, _: InitializedPluginHandle<'_>) {}
}

impl HostLatencyImpl for Main {
    fn changed(&self) {
        self.0.latency_changes.fetch_add(1, SeqCst);
    }
}

impl HostParamsImplMainThread for Main {
    fn rescan(&self, _: ParamRescanFlags) {}

    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

impl HostStateImpl for Main {
    fn mark_dirty(&self) {}
}

/// Names the handlers for clack.
pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = Main;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder
            .register::<HostGui>()
            .register::<HostLatency>()
            .register::<HostParams>()
            .register::<HostState>();
    }
}
