//! The way from the window thread to the host's thread, on Linux.
//!
//! X11 hosts hand out a run loop that watches file descriptors. Ours is one end
//! of a socket pair (some hosts accept nothing else); a byte written at the
//! other end makes the host call us on its own thread.

use super::shared::ViewShared;
use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{IPlugFrame, kResultOk};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComWrapper};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};

/// A registration at the host's run loop; ends when dropped.
pub struct RunLoop {
    host: ComPtr<IRunLoop>,
    handler: ComPtr<IEventHandler>,
    wake: UnixStream,
}

impl RunLoop {
    /// Registers at the frame's run loop; `None` if the host has none.
    #[must_use]
    pub fn register(frame: &ComPtr<IPlugFrame>, view: &Rc<ViewShared>) -> Option<Self> {
        let host = frame.cast::<IRunLoop>()?;
        let (wake, woken) = UnixStream::pair().ok()?;
        wake.set_nonblocking(true).ok()?;
        woken.set_nonblocking(true).ok()?;
        let descriptor = woken.as_raw_fd();
        let handler = ComWrapper::new(Handler {
            view: Rc::downgrade(view),
            woken,
        })
        .to_com_ptr::<IEventHandler>()?;
        // SAFETY: both objects are alive; the descriptor lives inside the handler.
        let registered = unsafe { host.registerEventHandler(handler.as_ptr(), descriptor) };
        (registered == kResultOk).then_some(Self { host, handler, wake })
    }

    /// Something to call from any thread that makes the host come.
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

/// Makes the host's thread call [`ViewShared::on_host_thread`].
pub struct Waker(UnixStream);

impl Waker {
    /// Never blocks: a full socket means that the host is already on its way.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

struct Handler {
    view: Weak<ViewShared>,
    woken: UnixStream,
}

impl Class for Handler {
    type Interfaces = (IEventHandler,);
}

impl IEventHandlerTrait for Handler {
    unsafe fn onFDIsSet(&self, _descriptor: FileDescriptor) {
        let mut bytes = [0; 64];
        while (&self.woken).read(&mut bytes).is_ok_and(|count| count > 0) {}
        if let Some(view) = self.view.upgrade() {
            view.on_host_thread();
        }
    }
}
