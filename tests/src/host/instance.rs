//! One instance of the plugin, from creation to destruction.

mod blocks;
mod values;

use super::handlers::{Asked, Handlers, Main, Shared};
use super::params::{self, Param};
use super::real_time::watched;
use anyhow::{Context, Result, ensure};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::PluginParams;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::event_types::TransportEvent;
use clack_host::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// The plugin's CLAP id.
pub const PLUGIN_ID: &std::ffi::CStr = c"org.voxmeld.voxmeld";

/// An instance; destroyed with this value, active or not.
pub struct Instance {
    // Before `plugin`: the processor must be gone when the instance goes.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    pub(super) plugin: PluginInstance<Handlers>,
    asked: Arc<Asked>,
    params: Vec<Param>,
    channels: usize,
    setup: Option<PluginAudioConfiguration>,
    inputs: AudioPorts,
    outputs: AudioPorts,
    steady_time: u64,
    /// As the plugin was told.
    offline: bool,
    /// The block's events from the plugin; with memory for more than ever come.
    answers: EventBuffer,
    told: Vec<AppliedFrame>,
    transport: Option<TransportEvent>,
}

/// A value that the plugin sent.
struct AppliedFrame {
    position: u64,
    id: ClapId,
    value: f64,
}

impl Instance {
    pub(super) fn new(entry: &PluginEntry) -> Result<Self> {
        let info = HostInfo::new("Voxmeld tests", "Voxmeld", "", env!("CARGO_PKG_VERSION"))?;
        let asked = Arc::new(Asked::default());
        let (for_shared, for_main) = (asked.clone(), asked.clone());
        let mut plugin = PluginInstance::<Handlers>::new(
            |_| Shared(for_shared),
            |_| Main(for_main),
            entry,
            PLUGIN_ID,
            &info,
        )?;
        let handle = plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        let params = params::read_all(&handle, extension)?;
        Ok(Self {
            processor: None,
            plugin,
            asked,
            params,
            channels: 2,
            setup: None,
            inputs: AudioPorts::with_capacity(4, 2),
            outputs: AudioPorts::with_capacity(2, 1),
            steady_time: 0,
            offline: false,
            answers: EventBuffer::with_capacity(4_096),
            told: Vec::new(),
            transport: None,
        })
    }

    /// All parameters, in the plugin's order.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// A parameter by its name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn param(&self, name: &str) -> Result<&Param> {
        self.params
            .iter()
            .find(|param| param.name == name)
            .with_context(|| format!("the plugin has no parameter \"{name}\""))
    }

    /// Chooses the layout with that many channels; only while inactive.
    ///
    /// # Errors
    /// If there is none, or the plugin refuses.
    pub fn use_channels(&mut self, channels: usize) -> Result<()> {
        ensure!(self.processor.is_none(), "the layout is chosen while inactive");
        let handle = self.plugin.plugin_handle();
        let extension: PluginAudioPortsConfig =
            handle.get_extension().context("no layouts to choose from")?;
        let mut buffer = AudioPortsConfigBuffer::new();
        for index in 0..extension.count(&handle) {
            let Some(layout) = extension.get(&handle, index, &mut buffer) else {
                continue;
            };
            if layout
                .main_output
                .is_some_and(|port| port.channel_count as usize == channels)
            {
                extension.select(&handle, layout.id)?;
                self.channels = channels;
                return Ok(());
            }
        }
        anyhow::bail!("no layout has {channels} channels")
    }

    /// Channels of the chosen layout.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Tells the plugin that it renders offline, or live again.
    ///
    /// # Errors
    /// If it does not want to know.
    pub fn set_offline(&mut self, offline: bool) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginRender = handle.get_extension().context("no render extension")?;
        let mode = if offline {
            RenderMode::Offline
        } else {
            RenderMode::Realtime
        };
        extension.set(&handle, mode)?;
        self.offline = offline;
        Ok(())
    }

    /// Activates, starts processing, and does the restarts that are asked for.
    ///
    /// # Errors
    /// If the plugin refuses, or asks for restarts without end.
    pub fn activate(&mut self, rate_hz: f64, max_block: u32) -> Result<()> {
        self.deactivate();
        let setup = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: max_block,
        };
        self.setup = Some(setup);
        for _ in 0..3 {
            self.asked.restart.store(false, SeqCst);
            let stopped = self.plugin.activate(|_, _| (), setup)?;
            let started = stopped
                .start_processing()
                .ok()
                .context("the plugin does not start processing")?;
            self.processor = Some(started);
            self.steady_time = 0;
            self.told.clear();
            self.serve_callbacks();
            if !self.asked.restart.load(SeqCst) {
                return Ok(());
            }
            self.deactivate();
        }
        anyhow::bail!("the plugin asks for a restart after every activation")
    }

    /// Stops processing and deactivates; nothing where it is inactive.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.plugin.deactivate(processor.stop_processing());
        }
    }

    /// True if the plugin has asked to be restarted since the last activation.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        self.asked.restart.load(SeqCst)
    }

    /// Carries out a restart that the plugin asked for.
    ///
    /// # Errors
    /// As [`Self::activate`].
    pub fn restart(&mut self) -> Result<()> {
        let setup = self.setup.context("never activated")?;
        self.activate(setup.sample_rate, setup.max_frames_count)
    }

    /// How often the plugin told that its latency changed.
    #[must_use]
    pub fn latency_changes(&self) -> u32 {
        self.asked.latency_changes.load(SeqCst)
    }

    /// Starts the stream over, as a host does after a jump.
    ///
    /// # Errors
    /// If it is not active.
    pub fn reset(&mut self) -> Result<()> {
        let processor = self.processor.as_mut().context("not active")?;
        watched(|| processor.reset());
        self.steady_time = 0;
        self.told.clear();
        Ok(())
    }

    /// The latency it reports, in samples.
    ///
    /// # Errors
    /// If it reports none at all.
    pub fn latency(&mut self) -> Result<usize> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginLatency = handle.get_extension().context("no latency extension")?;
        Ok(extension.get(&handle) as usize)
    }

    /// The state, as a host would keep it in a session.
    ///
    /// # Errors
    /// If the plugin refuses.
    pub fn save(&mut self) -> Result<Vec<u8>> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginState = handle.get_extension().context("no state extension")?;
        let mut bytes = Vec::new();
        extension.save(&handle, &mut bytes)?;
        Ok(bytes)
    }

    /// Restores a state.
    ///
    /// # Errors
    /// If the plugin refuses it.
    pub fn restore(&mut self, mut state: &[u8]) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginState = handle.get_extension().context("no state extension")?;
        extension.load(&handle, &mut state)?;
        self.serve_callbacks();
        Ok(())
    }

    /// Does what the plugin wants done on the main thread.
    pub fn serve_callbacks(&mut self) {
        while self.asked.callback.swap(false, SeqCst) {
            self.plugin.call_on_main_thread_callback();
        }
    }
}
