//! The host's objects that a VST3 plugin calls: a component handler and a run loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler, TimerInterval,
};
use vst3::Steinberg::Vst::{IComponentHandler, IComponentHandlerTrait, ParamID, ParamValue};
use vst3::Steinberg::{
    IPlugFrame, IPlugFrameTrait, IPlugView, ViewRect, int32, kNotImplemented, kResultFalse, kResultOk,
    tresult,
};
use vst3::{Class, ComPtr, ComRef};

/// Calls of `restartComponent`: flags, and the calling thread.
pub type RestartRequests = Arc<Mutex<Vec<(int32, ThreadId)>>>;

/// Records calls of `restartComponent`; accepts and ignores edits.
pub(super) struct Handler(pub RestartRequests);

impl Class for Handler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push((flags, std::thread::current().id()));
        kResultOk
    }
}

type RegisteredHandlers = Rc<RefCell<Vec<(FileDescriptor, ComPtr<IEventHandler>)>>>;

/// A run loop, which serves as the host's context and as the frame of the editor's window.
#[derive(Clone, Default)]
pub(super) struct RunLoop(RegisteredHandlers);

impl RunLoop {
    /// Calls the handlers whose file descriptors have something to read.
    pub fn run_once(&self) {
        // Cloned, because handlers may register and unregister.
        let handlers = self.0.borrow().clone();
        for (descriptor, handler) in handlers {
            let mut poll = libc::pollfd {
                fd: descriptor,
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: a pointer to one valid structure, and a count of 1.
            if unsafe { libc::poll(&raw mut poll, 1, 0) } > 0 {
                // SAFETY: the clone holds a reference to the handler.
                unsafe { handler.onFDIsSet(descriptor) };
            }
        }
    }

    fn handler_count(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Class for RunLoop {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for RunLoop {
    unsafe fn resizeView(&self, _view: *mut IPlugView, _size: *mut ViewRect) -> tresult {
        kResultFalse
    }
}

impl IRunLoopTrait for RunLoop {
    unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, fd: FileDescriptor) -> tresult {
        // SAFETY: the plugin's object is alive during the call.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kResultFalse;
        };
        self.0.borrow_mut().push((fd, handler.to_com_ptr()));
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        let before = self.handler_count();
        let mut removed = Vec::new();
        self.0.borrow_mut().retain(|(fd, registered)| {
            let keep = registered.as_ptr() != handler;
            if !keep {
                removed.push((*fd, registered.clone()));
            }
            keep
        });
        // Released after the borrow ends, because the plugin may call back.
        drop(removed);
        if self.handler_count() < before {
            kResultOk
        } else {
            kResultFalse
        }
    }

    unsafe fn registerTimer(&self, _handler: *mut ITimerHandler, _milliseconds: TimerInterval) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterTimer(&self, _handler: *mut ITimerHandler) -> tresult {
        kNotImplemented
    }
}
