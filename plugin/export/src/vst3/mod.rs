//! The VST3 export: a factory, a component and a view around nice-plug's public
//! [`Wrapper`](nice_plug::wrapper::vst3::Wrapper).
//!
//! nice-plug 0.4.2's own export has gaps that hosts run into. Each gap is closed by one file (or
//! folder), whose head describes it and says what to delete once nice-plug closes it:
//!
//! | gap | file |
//! | --- | --- |
//! | opening the editor under automation crashes the host | `view/` |
//! | calls the component handler on threads that hosts do not expect | `host_messages` |
//! | requests a restart with one flag only | `restart` |
//! | reports the process mode late, and not per block | `process_mode` |
//! | its background thread ends with an instance | `background_thread_guard` |
//! | applies automation curves as steps | `automation_lines` |
//! | sends no parameter values from `process` | `output_values` |
//! | has no visible read-only parameters; panics at an index out of range | `param_info` |
//! | lists 2080 parameters for MIDI controllers | `midi_mapping` |
//! | reads events that a host did not give; panics at data without bytes | `note_events` |
//! | does not save values that are set between blocks | `pending_values` |
//! | rejects surround, and side chains with another channel count than the track | `bus_arrangements` |
//! | panics at malformed blocks | `block_check` |
//! | reads channel pointers that are null, shared or too few | `host_buses`, and `block/` of this package |
//! | loses the parameter changes of blocks that it does not process | `values_without_audio` |
//! | resets at every start of processing; lets blocks run during `setActive` | `component/`, and `block/` of this package |
//!
//! Imports go one way: entry points, `factory`, `component`, `view`, `gui_context`,
//! `instance`, and below it the files of the table. Hosts call
//! [`component::Component`]; it shares one `instance::Instance` with its
//! views, so a view that a host releases late stays valid.
//!
//! Until `nice_export_vst3!` passes the tests `vst3` and `resources::editors`,
//! nice-plug is pinned to the exact version that this code was written for.

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
mod note_events;
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
