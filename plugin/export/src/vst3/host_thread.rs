//! The run loop by which an instance reaches the host's main thread, with or
//! without a window. See `host_messages.rs` for the gap of nice-plug that this closes.

use super::host_messages::HostMessages;
#[cfg(all(unix, not(target_os = "macos")))]
use super::run_loop::{IRunLoop, RunLoop, run_loop_of};
use nice_plug::wrapper::vst3::vst3::Steinberg::FUnknown;
use std::sync::Arc;

#[cfg(all(unix, not(target_os = "macos")))]
use nice_plug::wrapper::vst3::vst3::ComPtr;
#[cfg(all(unix, not(target_os = "macos")))]
use std::cell::RefCell;

/// The run loop that a host offers in the context of the factory or of the
/// instance. Many hosts offer none there. Main thread only.
#[derive(Default)]
pub struct HostThread {
    #[cfg(all(unix, not(target_os = "macos")))]
    given: RefCell<Option<ComPtr<IRunLoop>>>,
    #[cfg(all(unix, not(target_os = "macos")))]
    registered: RefCell<Option<RunLoop>>,
}

impl HostThread {
    /// Stores the context that the host passed to the factory.
    ///
    /// # Safety
    /// `context` must be null or the host's object.
    pub unsafe fn set_context(&self, context: *mut FUnknown) {
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            // SAFETY: the caller's promise.
            let former = self.given.replace(unsafe { run_loop_of(context) });
            drop(former);
        }
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        let _ = context;
    }

    /// A copy of the factory's context for one of its instances.
    #[must_use]
    pub fn for_instance(&self) -> Self {
        Self {
            #[cfg(all(unix, not(target_os = "macos")))]
            given: self.given.clone(),
            ..Self::default()
        }
    }

    /// Connects `messages`: from now on they are delivered on the host's main thread.
    ///
    /// # Safety
    /// `context` must be null or the host's object.
    pub unsafe fn connect(&self, messages: &Arc<HostMessages>, context: *mut FUnknown) {
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            // SAFETY: the caller's promise.
            let own = unsafe { run_loop_of(context) };
            let Some(host) = own.or_else(|| self.given.borrow().clone()) else {
                return;
            };
            let weak = Arc::downgrade(messages);
            let run_loop = RunLoop::register(host, move || {
                if let Some(messages) = weak.upgrade() {
                    messages.deliver();
                }
            });
            if let Some(waker) = run_loop.as_ref().and_then(RunLoop::waker) {
                messages.set_context_waker(Some(Box::new(move || waker.wake())));
            }
            let former = self.registered.replace(run_loop);
            drop(former);
        }
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        let _ = (messages, context);
    }

    /// Delivers what is queued, and releases the run loop.
    pub fn disconnect(&self, messages: &HostMessages) {
        messages.set_context_waker(None);
        messages.deliver();
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let former = self.registered.take();
            drop(former);
        }
    }
}
