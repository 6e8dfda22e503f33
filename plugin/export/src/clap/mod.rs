//! The CLAP export: nice-plug's own `clap_plugin` with some functions replaced.
//!
//! | function | what is added | file |
//! | --- | --- | --- |
//! | `process` | the host's buffers are copied in and out; blocks that cannot be processed are silent | `block` |
//! | `process` | a `CLAP_EVENT_PARAM_VALUE` per value of an output parameter | `output_events` |
//! | `process`, `params.flush` | events that are null, too short or late | `input_events` |
//! | `activate`, `deactivate` | no block runs meanwhile | `instance` |
//! | `start_processing`, `reset` | the stream starts over only at `reset` or at a gap in `steady_time` | `instance` |
//! | `render.set` | the mode holds from the next block on, without a restart | `render_mode` |
//! | `params.get_info` | output parameters are visible and read-only; an index out of range is rejected | `param_info` |
//! | `process`, `params.flush` | a call from within another one is rejected | `reentrancy` |
//! | `on_main_thread`, `gui.destroy` | calls from within `on_main_thread` are deferred until it ends | `reentrancy` |
//! | `destroy` | also frees what is added here | `instance` |
//!
//! All other functions are nice-plug's. The export can be replaced by
//! `nice_export_clap!` once a version of nice-plug has none of these gaps and
//! `tests/tests/clap/reentrant.rs` passes with it.

mod block;
mod channels;
mod input_events;
mod instance;
mod output_events;
mod param_info;
mod reentrancy;
mod render_mode;

pub use nice_plug::wrapper::clap::clap_plugin_entry;

use crate::ExportedPlugin;
use nice_plug::wrapper::clap::{
    CLAP_PLUGIN_FACTORY_ID, CLAP_VERSION, PluginDescriptor, clap_host, clap_plugin, clap_plugin_descriptor,
    clap_plugin_factory,
};
use nice_plug::wrapper::setup_logger;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// The value of the symbol `clap_entry` for a plugin.
#[must_use]
pub const fn entry<P: ExportedPlugin>() -> clap_plugin_entry {
    clap_plugin_entry {
        clap_version: CLAP_VERSION,
        init: Some(init::<P>),
        deinit: Some(deinit),
        get_factory: Some(get_factory::<P>),
    }
}

/// Holds one factory per plugin type, because a static cannot be generic.
struct FactoryOf<P>(PhantomData<P>);

impl<P: ExportedPlugin> FactoryOf<P> {
    const FACTORY: &'static clap_plugin_factory = &clap_plugin_factory {
        get_plugin_count: Some(get_plugin_count),
        get_plugin_descriptor: Some(get_plugin_descriptor::<P>),
        create_plugin: Some(create_plugin::<P>),
    };
}

/// The description of the library's one plugin.
fn descriptor<P: ExportedPlugin>() -> &'static PluginDescriptor {
    static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<P>)
}

unsafe extern "C" fn init<P: ExportedPlugin>(_path: *const c_char) -> bool {
    setup_logger::<P>();
    true
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory<P: ExportedPlugin>(id: *const c_char) -> *const c_void {
    // SAFETY: hosts pass null or a string.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID {
        std::ptr::from_ref(FactoryOf::<P>::FACTORY).cast()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn get_plugin_count(_factory: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn get_plugin_descriptor<P: ExportedPlugin>(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    if index == 0 {
        descriptor::<P>().clap_plugin_descriptor()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn create_plugin<P: ExportedPlugin>(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: hosts pass null or a string.
    if host.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != descriptor::<P>().clap_id() {
        return std::ptr::null();
    }
    // SAFETY: the host's object lives as long as the plugin.
    unsafe { instance::create::<P>(host) }
}
