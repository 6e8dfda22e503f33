//! Gap of nice-plug 0.4.2: it calls the host's component handler from whatever
//! thread it is on, and hosts expect these calls on their main thread. On X11 the
//! editor runs on a window thread, and a request for a restart comes from
//! nice-plug's background thread.
//!
//! So nice-plug never gets the handler, and calls are queued here until the host's main
//! thread comes by. What brings it:
//!
//! | where | what |
//! | --- | --- |
//! | the host has a run loop (Linux), in its context or in the frame of an open window | the run loop is woken |
//! | Windows, macOS | the system's queue of the main thread, by nice-plug |
//! | everywhere | the host's next call that is meant for its main thread: it reads a parameter, the latency or the state, activates, opens the editor |
//!
//! `restartComponent` is called in these ways and in no other. Where a Linux host has no run loop
//! and makes no such call, it is not told: the plugin goes on with the latency and the
//! hop that the host knows.
//!
//! Edits of a host without a run loop are sent from the window's thread, as they are by every
//! plugin framework with such threads: a control that moves nothing would be worse.
//!
//! To delete once nice-plug posts its handler calls to the host's run loop: this
//! file and `host_thread.rs`.

use crossbeam_channel::{Receiver, Sender, unbounded};
use nice_plug::wrapper::vst3::vst3::ComPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandlerTrait, ParamID, ParamValue,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;
use parking_lot::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::ThreadId;

/// A call of the host's component handler about a parameter.
pub enum Edit {
    /// The user takes hold of a control.
    Begin(ParamID),
    /// The user moved it to this normalised value.
    Perform(ParamID, ParamValue),
    /// The user let go.
    End(ParamID),
}

/// Wakes the host's main thread from any other; it then calls
/// [`HostMessages::deliver`].
pub type Waker = Box<dyn Fn() + Send>;

/// Has the system call [`HostMessages::deliver`] on the main thread.
type Poster = Box<dyn Fn() + Send + Sync>;

/// One per instance; never used on the audio thread, except for the reading of a flag.
pub struct HostMessages {
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    edits: (Sender<Edit>, Receiver<Edit>),
    /// Flags of `restartComponent` that the host has not been told yet; 0: none.
    restart: AtomicI32,
    main_thread: Mutex<ThreadId>,
    poster: OnceLock<Poster>,
    /// By the run loop of an open window, where there is one.
    view_waker: Mutex<Option<Waker>>,
    /// By the run loop of the host's context, where there is one.
    context_waker: Mutex<Option<Waker>>,
}

impl Default for HostMessages {
    /// The thread that makes an instance counts as the main one until another one opens
    /// the editor.
    fn default() -> Self {
        Self {
            handler: Mutex::new(None),
            edits: unbounded(),
            restart: AtomicI32::new(0),
            main_thread: Mutex::new(std::thread::current().id()),
            poster: OnceLock::new(),
            view_waker: Mutex::new(None),
            context_waker: Mutex::new(None),
        }
    }
}

impl HostMessages {
    /// Keeps or forgets the host's handler.
    pub fn set_handler(&self, handler: Option<ComPtr<IComponentHandler>>) {
        let former = std::mem::replace(&mut *self.handler.lock(), handler);
        // Released outside the lock: the host's destructor may call back.
        drop(former);
    }

    /// The host does on this thread what belongs on its main one.
    pub fn set_main_thread(&self) {
        *self.main_thread.lock() = std::thread::current().id();
    }

    /// A system that has a queue of its own for the main thread. Only the first call counts.
    #[cfg(any(windows, target_os = "macos"))]
    pub fn set_main_thread_poster(&self, poster: Poster) {
        // There is one call per instance; a second one would be dropped.
        let _ = self.poster.set(poster);
    }

    /// A window's run loop came, or went.
    pub fn set_view_waker(&self, waker: Option<Waker>) {
        *self.view_waker.lock() = waker;
    }

    /// The context's run loop came, or went.
    pub fn set_context_waker(&self, waker: Option<Waker>) {
        *self.context_waker.lock() = waker;
    }

    /// Has the host told of an edit, on its main thread where there is a way to it.
    pub fn send(&self, edit: Edit) {
        // The receiver lives as long as the sender.
        let _ = self.edits.0.send(edit);
        if !self.wake() {
            self.deliver_edits();
        }
    }

    /// Has the host told to restart with these flags, on its main thread: now if this is
    /// it, else as soon as it comes by. Flags that wait together are told together.
    pub fn send_restart(&self, flags: int32) {
        self.restart.fetch_or(flags, SeqCst);
        if self.wake() {
            return;
        }
        if self.is_main_thread() {
            self.deliver();
        } else if let Some(post) = self.poster.get() {
            post();
        }
    }

    /// False if there is no run loop to be woken.
    fn wake(&self) -> bool {
        [&self.view_waker, &self.context_waker].into_iter().any(|waker| {
            let waker = waker.lock();
            waker.as_ref().inspect(|wake| wake()).is_some()
        })
    }

    fn is_main_thread(&self) -> bool {
        *self.main_thread.lock() == std::thread::current().id()
    }

    /// The host has made a call that is meant for its main thread: tells it what waits, if
    /// it is that thread. Some hosts make such calls on their audio thread, too, where this
    /// only reads a flag as long as nothing waits.
    pub fn deliver_due(&self) {
        if self.restart.load(SeqCst) != 0 && self.is_main_thread() {
            self.deliver();
        }
    }

    /// Tells the host all that waits. On its main thread.
    pub fn deliver(&self) {
        self.deliver_edits();
        // Taken first: the host may call back, or restart the plugin on the spot.
        let flags = self.restart.swap(0, SeqCst);
        let handler = self.handler.lock().clone();
        if let Some(handler) = handler.filter(|_| flags != 0) {
            // SAFETY: the host gave us this handler and we hold a reference to it.
            unsafe { handler.restartComponent(flags) };
        }
    }

    fn deliver_edits(&self) {
        let handler = self.handler.lock().clone();
        for edit in self.edits.1.try_iter() {
            let Some(handler) = &handler else { continue };
            // SAFETY: the host gave us this handler and we hold a reference to it.
            unsafe {
                match edit {
                    Edit::Begin(id) => handler.beginEdit(id),
                    Edit::Perform(id, value) => handler.performEdit(id, value),
                    Edit::End(id) => handler.endEdit(id),
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::wrapper::vst3::vst3::Steinberg::{kResultOk, tresult};
    use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};
    use std::sync::Arc;

    /// Keeps the flags of each restart, and the thread that it came on.
    #[derive(Clone, Default)]
    struct Handler(Arc<Mutex<Vec<(int32, ThreadId)>>>);

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
            self.0.lock().push((flags, std::thread::current().id()));
            kResultOk
        }
    }

    #[test]
    fn restart_from_another_thread_waits_for_a_call_on_the_main_thread() {
        let handler = Handler::default();
        let messages = Arc::new(HostMessages::default());
        messages.set_handler(ComWrapper::new(handler.clone()).to_com_ptr());
        let elsewhere = messages.clone();
        let other = std::thread::spawn(move || {
            elsewhere.send_restart(1);
            elsewhere.send_restart(4);
            elsewhere.deliver_due();
        });
        other.join().expect("it does not panic");
        assert_eq!(*handler.0.lock(), [], "told on another thread");
        messages.deliver_due();
        messages.deliver_due();
        let here = std::thread::current().id();
        assert_eq!(*handler.0.lock(), [(5, here)]);
        messages.send_restart(8);
        assert_eq!(*handler.0.lock(), [(5, here), (8, here)]);
    }
}
