//! A headless CLAP host: loads the built plugin into this process and plays
//! sound through it, with parameter events at exact samples.
//!
//! One thread does what a host does on its main and its audio thread, in
//! turns, which CLAP allows as long as the two never run at once. Like any
//! host it must expect to be asked for a restart after the first activation,
//! when the latency goes from 0 to its real value.

mod editor;
mod handlers;
mod instance;
mod params;
mod play;
mod real_time;

pub use instance::{Instance, PLUGIN_ID};
pub use params::{Param, ParamEvent};
pub use play::{Automation, Clock, Pace, Sizes};
pub use real_time::watched;

use anyhow::{Context, Result};
use clack_host::prelude::*;
use std::path::Path;

/// A loaded plugin library; unloaded with this value and all its instances.
pub struct Host {
    entry: PluginEntry,
}

impl Host {
    /// Loads a `.clap` file.
    ///
    /// # Errors
    /// If it is missing or is no CLAP plugin.
    pub fn load(clap: &Path) -> Result<Self> {
        // SAFETY: loading a library runs its initialisers. This one is ours,
        // and it is what is to be tested.
        let entry = unsafe { PluginEntry::load(clap) }
            .with_context(|| format!("{} cannot be loaded", clap.display()))?;
        Ok(Self { entry })
    }

    /// Loads the plugin of the bundle under test.
    ///
    /// # Errors
    /// If there is no bundle.
    pub fn load_bundle() -> Result<Self> {
        Self::load(&crate::env::bundle()?.join("voxmeld.clap"))
    }

    /// A new instance, stereo, not yet active.
    ///
    /// # Errors
    /// If the plugin refuses.
    pub fn instance(&self) -> Result<Instance> {
        Instance::new(&self.entry)
    }
}
