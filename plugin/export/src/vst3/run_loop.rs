//! Calls from other threads to the host's main thread, on Linux.
//!
//! Hosts offer a run loop that watches file descriptors: in the frame of a
//! window, and some also in the context of the factory or of an instance. One end of
//! a socket pair is registered there (some hosts accept nothing else); a byte written to
//! the other end makes the host call the handler on its main thread.

pub use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::IRunLoop;
use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoopTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{FUnknown, kResultOk};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// A registration with the host's run loop; ends when dropped.
pub struct RunLoop {
    host: ComPtr<IRunLoop>,
    handler: ComPtr<IEventHandler>,
    wake: UnixStream,
}

impl RunLoop {
    /// Registers with a host's run loop, which then calls `on_host_thread`; `None` if the host rejects it.
    #[must_use]
    pub fn register(host: ComPtr<IRunLoop>, on_host_thread: impl Fn() + 'static) -> Option<Self> {
        let (wake, woken) = UnixStream::pair().ok()?;
        wake.set_nonblocking(true).ok()?;
        woken.set_nonblocking(true).ok()?;
        let descriptor = woken.as_raw_fd();
        let handler = ComWrapper::new(Handler {
            on_host_thread: Box::new(on_host_thread),
            woken,
        })
        .to_com_ptr::<IEventHandler>()?;
        // SAFETY: both objects are alive; the descriptor lives inside the handler.
        let registered = unsafe { host.registerEventHandler(handler.as_ptr(), descriptor) };
        (registered == kResultOk).then_some(Self { host, handler, wake })
    }

    /// Wakes the host's thread, from any other.
    #[must_use]
    pub fn waker(&self) -> Option<Waker> {
        self.wake.try_clone().ok().map(Waker)
    }
}

impl Drop for RunLoop {
    fn drop(&mut self) {
        // SAFETY: both objects are alive, and the handler was registered.
        unsafe { self.host.unregisterEventHandler(self.handler.as_ptr()) };
    }
}

/// The run loop in a host's context object; `None` if it has none.
///
/// # Safety
/// `context` must be null or a live object of the host's.
#[must_use]
pub unsafe fn run_loop_of(context: *mut FUnknown) -> Option<ComPtr<IRunLoop>> {
    // SAFETY: the caller's promise.
    unsafe { ComRef::from_raw(context) }?.cast::<IRunLoop>()
}

/// Makes the host's thread call the registered function.
pub struct Waker(UnixStream);

impl Waker {
    /// Never blocks: if the socket is full, the host has already been woken.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

struct Handler {
    on_host_thread: Box<dyn Fn()>,
    woken: UnixStream,
}

impl Class for Handler {
    type Interfaces = (IEventHandler,);
}

impl IEventHandlerTrait for Handler {
    unsafe fn onFDIsSet(&self, _descriptor: FileDescriptor) {
        let mut bytes = [0; 64];
        while (&self.woken).read(&mut bytes).is_ok_and(|count| count > 0) {}
        (self.on_host_thread)();
    }
}
