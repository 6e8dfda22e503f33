//! The host itself: a loaded library with one instance.

use super::callbacks::host_table;
use super::plugin::RawPlugin;
use super::state::{HostCall, HostState};
use anyhow::{Context, Result, ensure};
use clap_sys::entry::clap_plugin_entry;
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;

/// A loaded library with one instance, which is destroyed with this value.
pub struct RawClapHost {
    state: Box<HostState>,
    entry: *const clap_plugin_entry,
    // Last field: the library is unloaded after everything that comes from it.
    _library: libloading::Library,
}

impl RawClapHost {
    /// Loads a `.clap` file and creates an instance.
    ///
    /// # Errors
    /// If the file is missing, or the library or the instance fails to initialise.
    pub fn load(clap: &Path) -> Result<Self> {
        // SAFETY: the library under test.
        let library = unsafe { libloading::Library::new(clap) }?;
        let path = CString::new(clap.as_os_str().as_bytes())?;
        // SAFETY: CLAP's entry point, by its name and type; its functions are called as the standard says.
        unsafe {
            let entry: *const clap_plugin_entry = *library.get::<*const clap_plugin_entry>(b"clap_entry")?;
            let init = (*entry).init.context("no init")?;
            ensure!(init(path.as_ptr()), "clap_entry.init failed");
            let get_factory = (*entry).get_factory.context("no get_factory")?;
            let factory: *const clap_plugin_factory = get_factory(CLAP_PLUGIN_FACTORY_ID.as_ptr()).cast();
            let create = factory
                .as_ref()
                .and_then(|factory| factory.create_plugin)
                .context("no factory")?;
            let state = HostState::new(host_table());
            let plugin = create(factory, &raw const state.host, crate::host::PLUGIN_ID.as_ptr());
            state.plugin.set(plugin);
            let plugin = plugin.as_ref().context("no instance")?;
            ensure!(plugin.init.context("no init")?(plugin), "clap_plugin.init failed");
            Ok(Self {
                state,
                entry,
                _library: library,
            })
        }
    }

    /// The plugin's functions.
    #[must_use]
    pub fn plugin(&self) -> RawPlugin {
        RawPlugin::new(&raw const *self.state)
    }

    /// Sets what the host does from inside each call that the plugin makes on this thread.
    pub fn on_call(&self, handler: impl Fn(&RawPlugin, HostCall) + 'static) {
        let state = &raw const *self.state;
        // The state drops the handler before it goes itself, so the pointer is valid in every call.
        self.state
            .set_handler(Some(Rc::new(move |call| handler(&RawPlugin::new(state), call))));
    }

    /// How often the plugin made this call, on any thread.
    #[must_use]
    pub fn count(&self, call: HostCall) -> u32 {
        self.state.count(call)
    }

    /// Serves the requests for `on_main_thread`.
    pub fn run_main_thread_callbacks(&self) {
        while self.state.pending_callbacks.swap(0, SeqCst) > 0 {
            self.plugin().on_main_thread();
        }
    }
}

impl Drop for RawClapHost {
    fn drop(&mut self) {
        self.state.set_handler(None);
        // SAFETY: the instance is destroyed once; afterwards nothing of the library is used.
        unsafe {
            let plugin = self.state.plugin.get();
            if let Some(destroy) = (*plugin).destroy {
                destroy(plugin);
            }
            if let Some(deinit) = (*self.entry).deinit {
                deinit();
            }
        }
    }
}
