//! The C functions that the plugin calls, and the `clap_host` that names them.

use super::state::{HostCall, HostState};
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_host_gui};
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_host_latency};
use clap_sys::ext::params::{
    CLAP_EXT_PARAMS, clap_host_params, clap_param_clear_flags, clap_param_rescan_flags,
};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state};
use clap_sys::ext::thread_check::{CLAP_EXT_THREAD_CHECK, clap_host_thread_check};
use clap_sys::host::clap_host;
use clap_sys::id::clap_id;
use clap_sys::version::CLAP_VERSION;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;
use std::sync::atomic::Ordering::SeqCst;

/// The host's table of functions; its state is not set yet.
pub(super) fn host_table() -> clap_host {
    clap_host {
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
    }
}

/// The state behind the pointer that a plugin passes.
///
/// # Safety
/// `host` must be the one that the plugin was given.
unsafe fn state<'a>(host: *const clap_host) -> &'a HostState {
    // SAFETY: the caller's promise; the state is the host's own and outlives the plugin.
    unsafe { &*(*host).host_data.cast::<HostState>() }
}

/// Functions of the host that do nothing but report the call to its state.
macro_rules! calls {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $result:ident)? => $call:ident;)*) => { $(
        unsafe extern "C" fn $name(host: *const clap_host, $($argument: $kind),*) $(-> $result)? {
            // SAFETY: the plugin passes the host that it was given.
            unsafe { state(host) }.called(HostCall::$call);
            $( $result::from(true) )?
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
    // SAFETY: the plugin passes the host that it was given.
    let state = unsafe { state(host) };
    state.pending_callbacks.fetch_add(1, SeqCst);
    state.called(HostCall::Callback);
}

unsafe extern "C" fn request_process(_host: *const clap_host) {}

unsafe extern "C" fn request_show_or_hide(_host: *const clap_host) -> bool {
    false
}

unsafe extern "C" fn is_main_thread(host: *const clap_host) -> bool {
    // SAFETY: the plugin passes the host that it was given.
    unsafe { state(host) }.has_role(false)
}

unsafe extern "C" fn is_audio_thread(host: *const clap_host) -> bool {
    // SAFETY: the plugin passes the host that it was given.
    unsafe { state(host) }.has_role(true)
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
        request_show: Some(request_show_or_hide),
        request_hide: Some(request_show_or_hide),
        closed: Some(closed),
    };
    static THREADS: clap_host_thread_check = clap_host_thread_check {
        is_main_thread: Some(is_main_thread),
        is_audio_thread: Some(is_audio_thread),
    };
    // SAFETY: plugins pass a C string.
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
