//! The host's state. Every call into the host is counted here and passed to the test's handler.

use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;
use std::cell::{Cell, RefCell};
use std::ptr::null;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread::ThreadId;

/// The calls from the plugin into the host that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum HostCall {
    /// `request_restart`.
    Restart,
    /// `request_callback`.
    Callback,
    /// `latency.changed`.
    LatencyChanged,
    /// `params.rescan`.
    Rescan,
    /// `params.request_flush`.
    Flush,
    /// `state.mark_dirty`.
    MarkDirty,
    /// `gui.request_resize`.
    Resize,
    /// `gui.closed`.
    Closed,
    /// `clap_input_events.get`: the plugin reads an event of a block.
    EventRead,
    /// `clap_output_events.try_push`: the plugin writes an event.
    EventWritten,
}

const CALLS: usize = HostCall::EventWritten as usize + 1;

/// Calls that are nested deeper are counted, but no longer passed to the handler.
const MAX_NESTED_CALLS: u32 = 3;

type CallHandler = Rc<dyn Fn(HostCall)>;

/// The host's state, behind the `host_data` pointer of its `clap_host`.
pub(super) struct HostState {
    pub host: clap_host,
    pub plugin: Cell<*const clap_plugin>,
    /// The thread that plays both the main and the audio thread.
    thread: ThreadId,
    handler: RefCell<Option<CallHandler>>,
    nested_calls: Cell<u32>,
    /// True while `thread` plays the audio thread.
    is_audio_thread: Cell<bool>,
    counts: [AtomicU32; CALLS],
    /// Calls of `request_callback`, from any thread, that have not been served.
    pub pending_callbacks: AtomicU32,
}

impl HostState {
    /// Boxed, because `host` points to its own state.
    pub fn new(host: clap_host) -> Box<Self> {
        let mut state = Box::new(Self {
            host,
            plugin: Cell::new(null()),
            thread: std::thread::current().id(),
            handler: RefCell::default(),
            nested_calls: Cell::new(0),
            is_audio_thread: Cell::new(false),
            counts: std::array::from_fn(|_| AtomicU32::new(0)),
            pending_callbacks: AtomicU32::new(0),
        });
        state.host.host_data = (&raw mut *state).cast();
        state
    }

    /// Replaces the handler of the test.
    pub fn set_handler(&self, handler: Option<CallHandler>) {
        *self.handler.borrow_mut() = handler;
    }

    /// How often the plugin made this call, on any thread.
    pub fn count(&self, call: HostCall) -> u32 {
        self.counts[call as usize].load(SeqCst)
    }

    /// Counts a call, and passes it to the handler where it arrives on the host's own thread.
    pub fn called(&self, call: HostCall) {
        self.counts[call as usize].fetch_add(1, SeqCst);
        if std::thread::current().id() != self.thread || self.nested_calls.get() == MAX_NESTED_CALLS {
            return;
        }
        // Cloned, because the handler may be replaced from inside itself.
        let handler = self.handler.borrow().clone();
        if let Some(handler) = handler {
            self.nested_calls.set(self.nested_calls.get() + 1);
            handler(call);
            self.nested_calls.set(self.nested_calls.get() - 1);
        }
    }

    /// Runs `work` with this thread in the role of the audio thread.
    pub fn as_audio_thread<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.is_audio_thread.replace(true);
        let result = work();
        self.is_audio_thread.set(before);
        result
    }

    /// For `thread_check.is_main_thread` (`audio` false) and `is_audio_thread` (`audio` true).
    pub fn has_role(&self, audio: bool) -> bool {
        std::thread::current().id() == self.thread && self.is_audio_thread.get() == audio
    }
}
