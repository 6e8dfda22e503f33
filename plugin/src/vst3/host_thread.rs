//! An instance's way to the host's main thread, window or not.

use super::instance::Instance;
#[cfg(all(unix, not(target_os = "macos")))]
use super::run_loop::{IRunLoop, RunLoop, run_loop_of};
use nice_plug::wrapper::vst3::vst3::Steinberg::FUnknown;
use std::sync::Arc;

#[cfg(all(unix, not(target_os = "macos")))]
use nice_plug::wrapper::vst3::vst3::ComPtr;
#[cfg(all(unix, not(target_os = "macos")))]
use std::cell::RefCell;

/// What a host gives to reach it by: a run loop, in the context of its factory
/// or of the instance. Many give none. Main thread only.
#[derive(Default)]
pub struct HostThread {
    #[cfg(all(unix, not(target_os = "macos")))]
    given: RefCell<Option<ComPtr<IRunLoop>>>,
    #[cfg(all(unix, not(target_os = "macos")))]
    registered: RefCell<Option<RunLoop>>,
}

impl HostThread {
    /// Takes the context that the factory was given.
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

    /// That of the factory, for an instance of it.
    #[must_use]
    pub fn for_instance(&self) -> Self {
        Self {
            #[cfg(all(unix, not(target_os = "macos")))]
            given: self.given.clone(),
            ..Self::default()
        }
    }

    /// From now on what other threads post arrives on the host's main thread.
    ///
    /// # Safety
    /// `context` must be null or the host's object.
    pub unsafe fn connect(&self, instance: &Arc<Instance>, context: *mut FUnknown) {
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            // SAFETY: the caller's promise.
            let own = unsafe { run_loop_of(context) };
            let Some(host) = own.or_else(|| self.given.borrow().clone()) else {
                return;
            };
            let weak = Arc::downgrade(instance);
            let run_loop = RunLoop::register(host, move || {
                if let Some(instance) = weak.upgrade() {
                    instance.deliver();
                }
            });
            if let Some(waker) = run_loop.as_ref().and_then(RunLoop::waker) {
                *instance.wake_main_thread.lock() = Some(Box::new(move || waker.wake()));
            }
            let former = self.registered.replace(run_loop);
            drop(former);
        }
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        let _ = (instance, context);
    }

    /// Tells what was posted, and lets go of the host.
    pub fn disconnect(&self, instance: &Instance) {
        *instance.wake_main_thread.lock() = None;
        instance.deliver();
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let former = self.registered.take();
            drop(former);
        }
    }
}
