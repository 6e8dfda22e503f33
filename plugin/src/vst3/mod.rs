//! The VST3 export: a factory, a component and a view of our own around
//! nice-plug's public [`Wrapper`](nice_plug::wrapper::vst3::Wrapper).
//!
//! # Why this exists
//! nice-plug 0.4.2's own export does not hold what hosts need of this plugin:
//!
//! 1. Its view borrows the window while parameter tasks run on another thread;
//!    a host that plays automation while the editor opens or closes aborts.
//!    Here nice-plug never has a window ([`creation`]); the view is ours
//!    ([`view`]) and everything it tells the host is told on the host's thread
//!    ([`run_loop`]).
//! 2. It hands out the process mode of the *previous* `setupProcessing` and
//!    never that of a block, so that offline renders are taken for live ones.
//!    [`component`] repeats the call and publishes each block's mode.
//! 3. A task that its background thread finds without an instance ends that
//!    thread for all instances, and an instance that dies on it aborts the
//!    host. [`keeper`] sees to it that neither can happen.
//! 4. It takes the points of an automation curve for steps; they are corners of
//!    lines, and [`lines`] draws them.
//! 5. It sends no parameter values from the audio thread, and takes no side chain
//!    of other channels than the track's; [`component`] and [`side`] add both.
//!
//! # When it can go
//! When a later nice-plug passes, with `nice_export_vst3!`, the host tests of
//! this project: automation while the editor opens and closes, offline renders
//! noticed per block, instances created and dropped under automation. Until
//! then nice-plug is pinned to the exact version that this was made for.
//!
//! # How it is built
//! [`component::Component`] forwards every interface method to nice-plug's
//! object, except those named above; `process` looks after each block. One [`instance::Instance`] is shared by
//! the component and its view, so a view that a host releases late stays valid.

pub mod component;
pub mod creation;
pub mod factory;
pub mod gui_context;
pub mod host_thread;
pub mod instance;
pub mod keeper;
pub mod keys;
pub mod lines;
pub mod memory_stream;
mod process;
#[cfg(all(unix, not(target_os = "macos")))]
pub mod run_loop;
pub mod shared;
pub mod side;
pub mod view;

#[cfg(test)]
mod tests;

use crate::plugin::Voxmeld;
use factory::Factory;
use nice_plug::wrapper::setup_logger;
use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::IPluginFactory;
use std::ffi::c_void;

/// Identifies the plugin in every saved VST3 session: never change it.
pub const CLASS_ID: [u8; 16] = *b"VoxmeldVoiceConv";

/// VST3's entry point: hands out the factory.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut c_void {
    ComWrapper::new(Factory::new())
        .to_com_ptr::<IPluginFactory>()
        .map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
}

fn module_enter() -> bool {
    setup_logger::<Voxmeld>();
    true
}

fn module_exit() -> bool {
    keeper::release();
    true
}

/// Called by hosts on Linux after loading the library.
#[cfg(all(unix, not(target_os = "macos")))]
#[unsafe(no_mangle)]
pub extern "C" fn ModuleEntry(_library: *mut c_void) -> bool {
    module_enter()
}

/// Called by hosts on Linux before unloading the library.
#[cfg(all(unix, not(target_os = "macos")))]
#[unsafe(no_mangle)]
pub extern "C" fn ModuleExit() -> bool {
    module_exit()
}

/// Called by hosts on macOS after loading the bundle.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
pub extern "C" fn bundleEntry(_bundle: *mut c_void) -> bool {
    module_enter()
}

/// Called by hosts on macOS before unloading the bundle.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
pub extern "C" fn bundleExit() -> bool {
    module_exit()
}

/// Called by hosts on Windows after loading the library.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
pub extern "system" fn InitDll() -> bool {
    module_enter()
}

/// Called by hosts on Windows before unloading the library.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
pub extern "system" fn ExitDll() -> bool {
    module_exit()
}
