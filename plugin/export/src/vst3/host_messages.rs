//! Gap of nice-plug 0.4.2: it calls the host's component handler from whatever
//! thread it is on, and hosts expect these calls on their main thread. On X11 the
//! editor runs on a window thread, and a request for a restart comes from
//! nice-plug's background thread.
//!
//! So messages are queued, and the host's thread is woken to deliver them. Hosts
//! without a run loop get the call directly, as they do from every plugin
//! framework with such threads.
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

/// A call of the host's component handler.
pub enum HostMessage {
    /// The user takes hold of a control.
    BeginEdit(ParamID),
    /// The user moved it to this normalised value.
    PerformEdit(ParamID, ParamValue),
    /// The user let go.
    EndEdit(ParamID),
    /// `restartComponent` with these flags.
    Restart(int32),
}

/// Wakes the host's main thread from any other; it then calls
/// [`HostMessages::deliver`].
pub type Waker = Box<dyn Fn() + Send>;

/// One per instance; never used on the audio thread.
pub struct HostMessages {
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    queue: (Sender<HostMessage>, Receiver<HostMessage>),
    /// By the run loop of an open window, where there is one.
    view_waker: Mutex<Option<Waker>>,
    /// By the run loop of the host's context, where there is one.
    context_waker: Mutex<Option<Waker>>,
}

impl Default for HostMessages {
    fn default() -> Self {
        Self {
            handler: Mutex::new(None),
            queue: unbounded(),
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

    /// A window's run loop came, or went.
    pub fn set_view_waker(&self, waker: Option<Waker>) {
        *self.view_waker.lock() = waker;
    }

    /// The context's run loop came, or went.
    pub fn set_context_waker(&self, waker: Option<Waker>) {
        *self.context_waker.lock() = waker;
    }

    /// Queues a message and has it delivered, on the host's thread where that is
    /// possible.
    pub fn send(&self, message: HostMessage) {
        // The receiver lives as long as the sender.
        let _ = self.queue.0.send(message);
        for waker in [&self.view_waker, &self.context_waker] {
            if let Some(wake) = waker.lock().as_ref() {
                return wake();
            }
        }
        self.deliver();
    }

    /// Hands all queued messages to the host, in order.
    pub fn deliver(&self) {
        let handler = self.handler.lock().clone();
        for message in self.queue.1.try_iter() {
            let Some(handler) = &handler else { continue };
            // SAFETY: the host gave us this handler and we hold a reference to it.
            unsafe {
                match message {
                    HostMessage::BeginEdit(id) => handler.beginEdit(id),
                    HostMessage::PerformEdit(id, value) => handler.performEdit(id, value),
                    HostMessage::EndEdit(id) => handler.endEdit(id),
                    HostMessage::Restart(flags) => handler.restartComponent(flags),
                }
            };
        }
    }
}
