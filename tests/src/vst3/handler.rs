//! What a VST3 host hands out: its component handler, and a run loop.

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

/// What was asked by `restartComponent`: flags, and on which thread.
pub type Restarts = Arc<Mutex<Vec<(int32, ThreadId)>>>;

/// Keeps what a plugin asks for.
pub(super) struct Handler(pub Restarts);

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
        let mut restarts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        restarts.push((flags, std::thread::current().id()));
        kResultOk
    }
}

type Watched = Rc<RefCell<Vec<(FileDescriptor, ComPtr<IEventHandler>)>>>;

/// A run loop, as a host's context and as the frame of a window.
#[derive(Clone, Default)]
pub(super) struct RunLoop(Watched);

impl RunLoop {
    /// Calls those whose descriptors have something to read.
    pub fn turn(&self) {
        let watched = self.0.borrow().clone();
        for (descriptor, handler) in watched {
            let mut poll = libc::pollfd {
                fd: descriptor,
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one valid structure.
            if unsafe { libc::poll(&raw mut poll, 1, 0) } > 0 {
                // SAFETY: registered, with a reference of ours.
                unsafe { handler.onFDIsSet(descriptor) };
            }
        }
    }

    /// How many are registered.
    pub fn registered(&self) -> usize {
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
        // SAFETY: the plugin's object, alive during the call.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kResultFalse;
        };
        self.0.borrow_mut().push((fd, handler.to_com_ptr()));
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        let before = self.registered();
        let mut gone = Vec::new();
        self.0.borrow_mut().retain(|(fd, known)| {
            let stays = known.as_ptr() != handler;
            if !stays {
                gone.push((*fd, known.clone()));
            }
            stays
        });
        // Released outside of the list: that may call back.
        drop(gone);
        if self.registered() < before {
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
