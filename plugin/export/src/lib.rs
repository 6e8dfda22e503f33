//! CLAP and VST3 exports around nice-plug's, for any plugin that implements
//! [`ExportedPlugin`].
//!
//! nice-plug 0.4.2's own exports do not fully support a plugin that publishes output
//! parameters in time with the audio, that processes differently offline and live, and
//! that requests restarts. Each gap is worked around in one file; its head describes the
//! behaviour of nice-plug, and what to delete once nice-plug closes the gap. The tables in
//! [`clap`] and [`vst3`] list these files.
//!
//! # Thread model
//! The host's **audio** thread runs `process` of both formats; nothing there
//! allocates, locks or logs. Plugin and export exchange data there through atomics
//! ([`Bridge`]). The host's **main** thread runs everything else, except the VST3
//! editor on X11, which has a window thread, and nice-plug's background thread.
//!
//! # Map
//! | module | what is in it |
//! | --- | --- |
//! | `exported_plugin` | the trait [`ExportedPlugin`] |
//! | `bridge` | [`Bridge`]: the plugin's side; the state that both sides share; the construction slot |
//! | `block` | what both exports do with a host's block before nice-plug sees it |
//! | `param_order` | finding parameters by their string ids |
//! | [`clap`] | the CLAP export |
//! | [`vst3`] | the VST3 export |
//!
//! `clap` and `vst3` import `bridge` and `block`, but not each other; `bridge` and `block` import neither.
#![warn(missing_docs)]

mod block;
mod bridge;
pub mod clap;
mod exported_plugin;
mod param_order;
pub mod vst3;

#[cfg(test)]
mod test_plugin;

pub use bridge::{Bridge, BridgeTask, ControlGrid};
pub use exported_plugin::{EditorWindow, ExportedPlugin};

/// Exports the symbols of both formats for one [`ExportedPlugin`]. Use it once
/// per library.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        /// CLAP's entry point.
        #[unsafe(no_mangle)]
        #[used]
        pub static clap_entry: $crate::clap::clap_plugin_entry = $crate::clap::entry::<$plugin>();

        /// VST3's entry point: returns the factory.
        #[unsafe(no_mangle)]
        pub extern "system" fn GetPluginFactory() -> *mut ::std::ffi::c_void {
            $crate::vst3::plugin_factory::<$plugin>()
        }

        /// Called by VST3 hosts on Linux after loading the library.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        pub extern "C" fn ModuleEntry(_library: *mut ::std::ffi::c_void) -> bool {
            $crate::vst3::enter_module::<$plugin>()
        }

        /// Called by VST3 hosts on Linux before unloading the library.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        pub extern "C" fn ModuleExit() -> bool {
            $crate::vst3::exit_module()
        }

        /// Called by VST3 hosts on macOS after loading the bundle.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        pub extern "C" fn bundleEntry(_bundle: *mut ::std::ffi::c_void) -> bool {
            $crate::vst3::enter_module::<$plugin>()
        }

        /// Called by VST3 hosts on macOS before unloading the bundle.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        pub extern "C" fn bundleExit() -> bool {
            $crate::vst3::exit_module()
        }

        /// Called by VST3 hosts on Windows after loading the library.
        #[cfg(target_os = "windows")]
        #[unsafe(no_mangle)]
        pub extern "system" fn InitDll() -> bool {
            $crate::vst3::enter_module::<$plugin>()
        }

        /// Called by VST3 hosts on Windows before unloading the library.
        #[cfg(target_os = "windows")]
        #[unsafe(no_mangle)]
        pub extern "system" fn ExitDll() -> bool {
            $crate::vst3::exit_module()
        }
    };
}
