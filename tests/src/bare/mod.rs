//! A CLAP host of bare calls: it does what clack's types rule out, above all it
//! calls the plugin from inside of what the plugin asks of it.
//!
//! All of it is one thread that plays both of CLAP's parts, as the standard
//! allows; what is asked on other threads (an editor's window has one) is
//! counted and done when this one comes by ([`Bare::idle`]).

mod events;
mod plug;
mod raw;

pub use plug::Plug;

use anyhow::{Context, Result, ensure};
use clap_sys::entry::clap_plugin_entry;
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_host_gui};
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_host_latency};
use clap_sys::ext::params::{
    CLAP_EXT_PARAMS, clap_host_params, clap_param_clear_flags, clap_param_rescan_flags,
};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state};
use clap_sys::ext::thread_check::{CLAP_EXT_THREAD_CHECK, clap_host_thread_check};
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::id::clap_id;
use clap_sys::plugin::clap_plugin;
use clap_sys::version::CLAP_VERSION;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::null;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread::ThreadId;

/// What a plugin calls its host for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Call {
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
    /// It reads an event of a block.
    EventRead,
    /// It writes one.
    EventWritten,
}

const CALLS: usize = Call::EventWritten as usize + 1;

/// How deep calls may lie in calls before the host only listens.
const DEPTH: u32 = 3;

type Answer = Rc<dyn Fn(&Plug, Call)>;

/// What the host's functions find behind their pointer.
struct Inner {
    host: clap_host,
    plugin: Cell<*const clap_plugin>,
    thread: ThreadId,
    answer: RefCell<Option<Answer>>,
    depth: Cell<u32>,
    /// This thread is the audio thread just now.
    audio: Cell<bool>,
    counts: [AtomicU32; CALLS],
    /// `request_callback` from wherever, not yet done.
    wanted: AtomicU32,
}

/// A loaded library with one instance.
pub struct Bare {
    inner: Box<Inner>,
    entry: *const clap_plugin_entry,
    // Last: the library goes when nothing of it is left.
    _library: libloading::Library,
}

impl Bare {
    /// Loads a `.clap` file and makes an instance.
    ///
    /// # Errors
    /// If it is missing, or refuses.
    pub fn load(clap: &Path) -> Result<Self> {
        // SAFETY: the library under test.
        let library = unsafe { libloading::Library::new(clap) }?;
        let path = CString::new(clap.as_os_str().as_bytes())?;
        // SAFETY: CLAP's entry point, by its name and type; its functions are
        // called as the standard says.
        unsafe {
            let entry: *const clap_plugin_entry = *library.get::<*const clap_plugin_entry>(b"clap_entry")?;
            let init = (*entry).init.context("no init")?;
            ensure!(init(path.as_ptr()), "the library refuses");
            let get_factory = (*entry).get_factory.context("no get_factory")?;
            let factory: *const clap_plugin_factory = get_factory(CLAP_PLUGIN_FACTORY_ID.as_ptr()).cast();
            let create = factory
                .as_ref()
                .and_then(|factory| factory.create_plugin)
                .context("no factory")?;
            let inner = Inner::new();
            let plugin = create(factory, &raw const inner.host, crate::host::PLUGIN_ID.as_ptr());
            inner.plugin.set(plugin);
            let plugin = plugin.as_ref().context("no instance")?;
            ensure!(plugin.init.context("no init")?(plugin), "the instance refuses");
            Ok(Self {
                inner,
                entry,
                _library: library,
            })
        }
    }

    /// The plugin's functions.
    #[must_use]
    pub fn plug(&self) -> Plug {
        Plug::new(&raw const *self.inner)
    }

    /// What the host does from inside of what it is asked.
    pub fn answer(&self, answer: impl Fn(&Plug, Call) + 'static) {
        *self.inner.answer.borrow_mut() = Some(Rc::new(answer));
    }

    /// How often it was asked for this, on any thread.
    #[must_use]
    pub fn count(&self, call: Call) -> u32 {
        self.inner.counts[call as usize].load(SeqCst)
    }

    /// Does what was asked of the main thread.
    pub fn idle(&self) {
        while self.inner.wanted.swap(0, SeqCst) > 0 {
            self.plug().on_main_thread();
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.inner.answer.borrow_mut().take();
        // SAFETY: the instance is destroyed once; then nothing of the library is used.
        unsafe {
            let plugin = self.inner.plugin.get();
            if let Some(destroy) = (*plugin).destroy {
                destroy(plugin);
            }
            if let Some(deinit) = (*self.entry).deinit {
                deinit();
            }
        }
    }
}

impl Inner {
    fn new() -> Box<Self> {
        let mut inner = Box::new(Self {
            host: clap_host {
                clap_version: CLAP_VERSION,
                host_data: std::ptr::null_mut(),
                name: c"Voxmeld tests".as_ptr(),
                vendor: c"Voxmeld".as_ptr(),
                url: c"".as_ptr(),
                version: c"1".as_ptr(),
                get_extension: Some(get_extension),
                request_restart: Some(request_restart),
                request_process: Some(request_process),
                request_callback: Some(request_callback),
            },
            plugin: Cell::new(null()),
            thread: std::thread::current().id(),
            answer: RefCell::default(),
            depth: Cell::new(0),
            audio: Cell::new(false),
            counts: std::array::from_fn(|_| AtomicU32::new(0)),
            wanted: AtomicU32::new(0),
        });
        inner.host.host_data = (&raw mut *inner).cast();
        inner
    }

    /// Counts a call, and answers it where it is on the host's own thread.
    fn called(&self, call: Call) {
        self.counts[call as usize].fetch_add(1, SeqCst);
        if std::thread::current().id() != self.thread || self.depth.get() == DEPTH {
            return;
        }
        let answer = self.answer.borrow().clone();
        if let Some(answer) = answer {
            self.depth.set(self.depth.get() + 1);
            answer(&Plug::new(self), call);
            self.depth.set(self.depth.get() - 1);
        }
    }
}

/// The host behind a plugin's pointer.
///
/// # Safety
/// `host` must be the one that the plugin was given.
unsafe fn inner<'a>(host: *const clap_host) -> &'a Inner {
    // SAFETY: the caller's promise; the data is the host's own and outlives the plugin.
    unsafe { &*(*host).host_data.cast::<Inner>() }
}

/// Functions of the host that only say what was called.
macro_rules! calls {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $answer:ident)? => $call:ident;)*) => { $(
        unsafe extern "C" fn $name(host: *const clap_host, $($argument: $kind),*) $(-> $answer)? {
            // SAFETY: the plugin passes the host that it was given.
            unsafe { inner(host) }.called(Call::$call);
            $( $answer::from(true) )?
        }
    )* };
}

calls! {
    request_restart() => Restart;
    latency_changed() => LatencyChanged;
    rescan(_flags: clap_param_rescan_flags) => Rescan;
    clear(_id: clap_id, _flags: clap_param_clear_flags) => Rescan;
    request_flush() => Flush;
    mark_dirty() => MarkDirty;
    resize_hints_changed() => Resize;
    request_resize(_width: u32, _height: u32) -> bool => Resize;
    closed(_was_destroyed: bool) => Closed;
}

unsafe extern "C" fn request_callback(host: *const clap_host) {
    // SAFETY: as above.
    let inner = unsafe { inner(host) };
    inner.wanted.fetch_add(1, SeqCst);
    inner.called(Call::Callback);
}

unsafe extern "C" fn request_process(_host: *const clap_host) {}

unsafe extern "C" fn request_nothing(_host: *const clap_host) -> bool {
    false
}

unsafe extern "C" fn is_main_thread(host: *const clap_host) -> bool {
    // SAFETY: as above.
    let inner = unsafe { inner(host) };
    std::thread::current().id() == inner.thread && !inner.audio.get()
}

unsafe extern "C" fn is_audio_thread(host: *const clap_host) -> bool {
    // SAFETY: as above.
    let inner = unsafe { inner(host) };
    std::thread::current().id() == inner.thread && inner.audio.get()
}

unsafe extern "C" fn get_extension(_host: *const clap_host, id: *const c_char) -> *const c_void {
    static LATENCY: clap_host_latency = clap_host_latency {
        changed: Some(latency_changed),
    };
    static PARAMS: clap_host_params = clap_host_params {
        rescan: Some(rescan),
        clear: Some(clear),
        request_flush: Some(request_flush),
    };
    static STATE: clap_host_state = clap_host_state {
        mark_dirty: Some(mark_dirty),
    };
    static GUI: clap_host_gui = clap_host_gui {
        resize_hints_changed: Some(resize_hints_changed),
        request_resize: Some(request_resize),
        request_show: Some(request_nothing),
        request_hide: Some(request_nothing),
        closed: Some(closed),
    };
    static THREADS: clap_host_thread_check = clap_host_thread_check {
        is_main_thread: Some(is_main_thread),
        is_audio_thread: Some(is_audio_thread),
    };
    // SAFETY: plugins ask with a string.
    let id = unsafe { CStr::from_ptr(id) };
    match id {
        _ if id == CLAP_EXT_LATENCY => (&raw const LATENCY).cast(),
        _ if id == CLAP_EXT_PARAMS => (&raw const PARAMS).cast(),
        _ if id == CLAP_EXT_STATE => (&raw const STATE).cast(),
        _ if id == CLAP_EXT_GUI => (&raw const GUI).cast(),
        _ if id == CLAP_EXT_THREAD_CHECK => (&raw const THREADS).cast(),
        _ => null(),
    }
}
