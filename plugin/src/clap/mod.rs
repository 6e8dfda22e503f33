//! The CLAP export: nice-plug's plugin with a way out for what the plugin tells,
//! and with care for hosts that call from inside of calls.
//!
//! # Why this exists
//! nice-plug 0.4.2 sends a host the parameters that its editor moves, and no
//! others; and it makes read-only only what it hides. So "Ratio applied" and
//! "Confidence" could be read by a host, but neither seen nor recorded. Here the
//! functions of nice-plug's own `clap_plugin` stay as they are, except these:
//!
//! | function | what is added |
//! | --- | --- |
//! | `process` | a `CLAP_EVENT_PARAM_VALUE` per frame and output, at the sample at which the frame is heard, in order with what nice-plug sends ([`outputs`]) |
//! | `params.get_info` | outputs are read-only and shown; an index out of range is refused |
//! | `process`, `params.flush` | a block or a flush from inside of another is refused instead of ending the host ([`reentry`]) |
//! | `on_main_thread`, `gui.destroy` | from inside of `on_main_thread` they are put off until it is over |
//! | `destroy` | what is ours goes, too |
//!
//! # When it can go
//! When a nice-plug lets a plugin send parameter values from `process`, and
//! passes `tests/reentrant.rs`.

mod instance;
mod outputs;
mod reentry;

use crate::plugin::Voxmeld;
use nice_plug::wrapper::clap::{
    CLAP_PLUGIN_FACTORY_ID, CLAP_VERSION, PluginDescriptor, clap_host, clap_plugin, clap_plugin_descriptor,
    clap_plugin_entry, clap_plugin_factory,
};
use nice_plug::wrapper::setup_logger;
use std::ffi::{CStr, c_char, c_void};
use std::sync::OnceLock;

/// CLAP's entry point.
#[unsafe(no_mangle)]
#[used]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(get_plugin_count),
    get_plugin_descriptor: Some(get_plugin_descriptor),
    create_plugin: Some(create_plugin),
};

fn descriptor() -> &'static PluginDescriptor {
    static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<Voxmeld>)
}

unsafe extern "C" fn init(_path: *const c_char) -> bool {
    setup_logger::<Voxmeld>();
    true
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    // SAFETY: hosts pass null or a string.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID {
        (&raw const FACTORY).cast()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn get_plugin_count(_factory: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn get_plugin_descriptor(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    if index == 0 {
        descriptor().clap_plugin_descriptor()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn create_plugin(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: hosts pass null or a string.
    if host.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != descriptor().clap_id() {
        return std::ptr::null();
    }
    // SAFETY: the host's object lives as long as the plugin.
    unsafe { instance::create(host) }
}
