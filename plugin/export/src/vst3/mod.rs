//! The VST3 export: a factory, a component and a view around nice-plug's public
//! [`Wrapper`](nice_plug::wrapper::vst3::Wrapper).
//!
//! nice-plug 0.4.2's own export lacks what hosts need. Each gap is one file (or
//! folder), whose head says what it is and what to delete once a nice-plug has it:
//!
//! | gap | file |
//! | --- | --- |
//! | opening the editor under automation ends the host | `view/` |
//! | handler calls on threads that hosts do not expect | `host_messages` |
//! | restart with one flag only | `restart` |
//! | process mode late, and not per block | `process_mode` |
//! | a background thread that ends with an instance | `background_thread_guard` |
//! | automation curves taken for steps | `automation_lines` |
//! | no parameter values from `process` | `output_values` |
//! | no visible read-only parameters; an index that panics | `param_info` |
//! | 2080 parameters for MIDI controllers | `midi_mapping` |
//! | values set between blocks are not saved | `pending_values` |
//! | side chains of other channels than the track's, and surround | `bus_arrangements` |
//! | malformed blocks that panic | `block_check` |
//! | channel pointers that are null, shared or too few | `host_buses`, and `block/` of this package |
//! | parameter changes lost with blocks that are not processed | `values_without_audio` |
//! | a reset at every start of processing; blocks during `setActive` | `component/`, and `block/` of this package |
//!
//! Imports go one way: entry points, `factory`, `component`, `view`, `gui_context`,
//! `instance`, and below it the files of the table. The host's object is
//! [`component::Component`]; one `instance::Instance` is shared by it and its
//! views, so a view that a host releases late stays valid.
//!
//! Until `nice_export_vst3!` passes the tests `vst3`, `vst3_lines`, `vst3_restart`
//! and `editors`, nice-plug is pinned to the exact version that this was made for.

mod automation_lines;
mod background_thread_guard;
mod block_check;
mod bus_arrangements;
pub mod component;
mod factory;
mod gui_context;
mod host_buses;
mod host_messages;
mod host_thread;
mod instance;
mod keys;
mod memory_stream;
mod midi_mapping;
mod output_values;
mod param_info;
mod parameters;
mod pending_values;
mod process_mode;
mod restart;
#[cfg(all(unix, not(target_os = "macos")))]
mod run_loop;
mod values_without_audio;
mod view;

#[cfg(any(test, feature = "test-host"))]
pub mod test_host;
#[cfg(test)]
mod tests;

use crate::ExportedPlugin;
use factory::Factory;
use nice_plug::wrapper::setup_logger;
use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::IPluginFactory;
use std::ffi::c_void;

/// The result of `GetPluginFactory`: a factory with one reference for the host.
#[must_use]
pub fn plugin_factory<P: ExportedPlugin>() -> *mut c_void {
    ComWrapper::new(Factory::<P>::new())
        .to_com_ptr::<IPluginFactory>()
        .map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
}

/// Called after the library is loaded.
#[must_use]
pub fn enter_module<P: ExportedPlugin>() -> bool {
    setup_logger::<P>();
    true
}

/// Called before the library is unloaded.
#[must_use]
pub fn exit_module() -> bool {
    background_thread_guard::release();
    true
}
