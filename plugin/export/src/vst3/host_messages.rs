//! Gap of nice-plug 0.4.2: it calls the host's component handler from any
//! thread, but hosts expect these calls on their main thread. On X11 the
//! editor runs on a window thread, and a request for a restart comes from
//! nice-plug's background thread.
//!
//! So nice-plug never gets the handler, and calls are queued here until they can be made on the
//! host's main thread. These are the ways to reach it:
//!
//! | where | how |
//! | --- | --- |
//! | the host has a run loop (Linux), in its context or in the frame of an open window | the run loop is woken |
//! | Windows, macOS | through nice-plug, with the operating system's queue for the main thread |
//! | everywhere | at the host's next call that belongs on its main thread: reading a parameter, the latency or the state, activating, opening the editor |
//!
//! `restartComponent` is called only in these ways. If a Linux host has no run loop
//! and makes no such call, `restartComponent` is not called: the plugin keeps the latency and the
//! hop that it last reported.
//!
//! If the host has no run loop, edits are sent from the window's thread, as in other
//! plugin frameworks with such threads: a control without effect would be worse.
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
    /// The user grabs a control.
    Begin(ParamID),
    /// The user moved it to this normalised value.
    Perform(ParamID, ParamValue),
    /// The user releases the control.
    End(ParamID),
}

/// Wakes the host's main thread from any other; it then calls
/// [`HostMessages::deliver`].
pub type Waker = Box<dyn Fn() + Send>;

/// Makes the operating system call [`HostMessages::deliver`] on the main thread.
type Poster = Box<dyn Fn() + Send + Sync>;

/// One per instance; never used on the audio thread, except to read a flag.
pub struct HostMessages {
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    edits: (Sender<Edit>, Receiver<Edit>),
    /// Flags for `restartComponent` that have not been sent to the host yet; 0: none.
    restart: AtomicI32,
    main_thread: Mutex<ThreadId>,
    poster: OnceLock<Poster>,
    /// Wakes the run loop of an open window, if it has one.
    view_waker: Mutex<Option<Waker>>,
    /// Wakes the run loop of the host's context, if it has one.
    context_waker: Mutex<Option<Waker>>,
}

impl Default for HostMessages {
    /// The thread that creates an instance counts as the main thread until another one opens
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
    /// Stores or removes the host's handler.
    pub fn set_handler(&self, handler: Option<ComPtr<IComponentHandler>>) {
        let former = std::mem::replace(&mut *self.handler.lock(), handler);
        // Released outside the lock: the host's destructor may call back.
        drop(former);
    }

    /// Declares the current thread the host's main thread.
    pub fn set_main_thread(&self) {
        *self.main_thread.lock() = std::thread::current().id();
    }

    /// Sets the poster, on operating systems with a queue for the main thread. Only the first call counts.
    #[cfg(any(windows, target_os = "macos"))]
    pub fn set_main_thread_poster(&self, poster: Poster) {
        // Called once per instance; a second poster would be dropped.
        let _ = self.poster.set(poster);
    }

    /// Sets or removes the run loop of a window.
    pub fn set_view_waker(&self, waker: Option<Waker>) {
        *self.view_waker.lock() = waker;
    }

    /// Sets or removes the run loop of the context.
    pub fn set_context_waker(&self, waker: Option<Waker>) {
        *self.context_waker.lock() = waker;
    }

    /// Sends an edit to the host, on its main thread if that can be reached.
    pub fn send(&self, edit: Edit) {
        // The receiver lives as long as the sender.
        let _ = self.edits.0.send(edit);
        if !self.wake() {
            self.deliver_edits();
        }
    }

    /// Sends `restartComponent` with these flags on the host's main thread: at once if this is
    /// that thread, else as soon as it can be reached. Waiting flags are combined into one call.
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

    /// False if there is no run loop to wake.
    fn wake(&self) -> bool {
        [&self.view_waker, &self.context_waker].into_iter().any(|waker| {
            let waker = waker.lock();
            waker.as_ref().inspect(|wake| wake()).is_some()
        })
    }

    fn is_main_thread(&self) -> bool {
        *self.main_thread.lock() == std::thread::current().id()
    }

    /// Called in host calls that belong on the main thread: delivers what is queued, if this
    /// is that thread. Some hosts make such calls on their audio thread too; there this
    /// only reads a flag while the queue is empty.
    pub fn deliver_due(&self) {
        if self.restart.load(SeqCst) != 0 && self.is_main_thread() {
            self.deliver();
        }
    }

    /// Delivers all queued calls. Host's main thread.
    pub fn deliver(&self) {
        self.deliver_edits();
        // Removed first: the host may call back, or restart the plugin immediately.
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

    /// Records the flags of each restart, and the thread that it came on.
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
        assert_eq!(*handler.0.lock(), [], "sent on another thread");
        messages.deliver_due();
        messages.deliver_due();
        let here = std::thread::current().id();
        assert_eq!(*handler.0.lock(), [(5, here)]);
        messages.send_restart(8);
        assert_eq!(*handler.0.lock(), [(5, here), (8, here)]);
    }
}
