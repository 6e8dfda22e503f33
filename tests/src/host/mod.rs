//! A headless CLAP host: loads the built plugin into this process and plays audio
//! through it, with parameter events at exact samples.
//!
//! One thread plays CLAP's main and audio thread in turns, which CLAP allows as
//! long as the two never run at once. As any host, it has to handle a request for
//! a restart after the first activation, when the latency changes from 0 to its
//! final value.

mod editor;
mod handlers;
mod instance;
mod params;
mod play;
mod real_time;

pub use instance::{Instance, PLUGIN_ID};
pub use params::{Param, ParamEvent};
pub use play::{Automation, Clock, Pace, Sizes};
pub use real_time::in_realtime_context;

use anyhow::{Context, Result};
use clack_host::prelude::*;
use std::path::Path;

/// A loaded plugin library; unloaded when this value and all its instances are dropped.
pub struct Host {
    entry: PluginEntry,
}

impl Host {
    /// Loads a `.clap` file.
    ///
    /// # Errors
    /// If it is missing or not a CLAP plugin.
    pub fn load(clap: &Path) -> Result<Self> {
        // SAFETY: loading a library runs its initialisers; those of the plugin under test do nothing.
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

    /// Creates an instance, stereo and inactive.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn instance(&self) -> Result<Instance> {
        Instance::new(&self.entry)
    }
}
