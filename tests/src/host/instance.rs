//! One instance of the plugin, from creation to destruction.

mod blocks;
mod values;

use super::handlers::{Handlers, HostRequests, Main, Shared};
use super::params::{self, Param};
use super::real_time::in_realtime_context;
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

/// An instance, destroyed when this value is dropped, active or not.
pub struct Instance {
    // Before `plugin`, because the processor has to be dropped before the instance.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    pub(super) plugin: PluginInstance<Handlers>,
    requests: Arc<HostRequests>,
    params: Vec<Param>,
    channels: usize,
    setup: Option<PluginAudioConfiguration>,
    inputs: AudioPorts,
    outputs: AudioPorts,
    /// Samples processed since the last activation or reset.
    steady_time: u64,
    /// The render mode that was set.
    offline: bool,
    /// The plugin's events of the current block; large enough never to reallocate.
    output_events: EventBuffer,
    /// Since the last activation or reset.
    published: Vec<PublishedValue>,
    transport: Option<TransportEvent>,
}

/// A value of an output parameter.
struct PublishedValue {
    position: u64,
    id: ClapId,
    value: f64,
}

impl Instance {
    pub(super) fn new(entry: &PluginEntry) -> Result<Self> {
        let info = HostInfo::new("Voxmeld tests", "Voxmeld", "", env!("CARGO_PKG_VERSION"))?;
        let requests = Arc::new(HostRequests::default());
        let (for_shared, for_main) = (requests.clone(), requests.clone());
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
            requests,
            params,
            channels: 2,
            setup: None,
            inputs: AudioPorts::with_capacity(4, 2),
            outputs: AudioPorts::with_capacity(2, 1),
            steady_time: 0,
            offline: false,
            output_events: EventBuffer::with_capacity(4_096),
            published: Vec::new(),
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
    /// If there is no parameter of that name.
    pub fn param(&self, name: &str) -> Result<&Param> {
        self.params
            .iter()
            .find(|param| param.name == name)
            .with_context(|| format!("the plugin has no parameter \"{name}\""))
    }

    /// Selects the port layout with that many channels; only while inactive.
    ///
    /// # Errors
    /// If there is no such layout, or the plugin reports a failure.
    pub fn use_channels(&mut self, channels: usize) -> Result<()> {
        ensure!(
            self.processor.is_none(),
            "the layout can only be selected while inactive"
        );
        let handle = self.plugin.plugin_handle();
        let extension: PluginAudioPortsConfig = handle
            .get_extension()
            .context("no audio-ports-config extension")?;
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

    /// Channels of the selected layout.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Sets the render mode: offline or real-time.
    ///
    /// # Errors
    /// If the plugin reports a failure.
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

    /// Activates, starts processing, and restarts if the plugin requests it.
    ///
    /// # Errors
    /// If the plugin reports a failure, or requests a restart after every activation.
    pub fn activate(&mut self, rate_hz: f64, max_block: u32) -> Result<()> {
        self.deactivate();
        let setup = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: max_block,
        };
        self.setup = Some(setup);
        for _ in 0..3 {
            self.requests.restart.store(false, SeqCst);
            let stopped = self.plugin.activate(|_, _| (), setup)?;
            let started = stopped
                .start_processing()
                .ok()
                .context("start_processing failed")?;
            self.processor = Some(started);
            self.steady_time = 0;
            self.published.clear();
            self.serve_callbacks();
            if !self.requests.restart.load(SeqCst) {
                return Ok(());
            }
            self.deactivate();
        }
        anyhow::bail!("the plugin requests a restart after every activation")
    }

    /// Stops processing and deactivates; does nothing if inactive.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.plugin.deactivate(processor.stop_processing());
        }
    }

    /// True if the plugin has requested a restart since the last activation.
    #[must_use]
    pub fn restart_requested(&self) -> bool {
        self.requests.restart.load(SeqCst)
    }

    /// Restarts with the last rate and block size.
    ///
    /// # Errors
    /// As [`Self::activate`].
    pub fn restart(&mut self) -> Result<()> {
        let setup = self.setup.context("never activated")?;
        self.activate(setup.sample_rate, setup.max_frames_count)
    }

    /// How often the plugin reported a changed latency.
    #[must_use]
    pub fn latency_changes(&self) -> u32 {
        self.requests.latency_changes.load(SeqCst)
    }

    /// Restarts the stream at position 0, as hosts do after a jump.
    ///
    /// # Errors
    /// If the instance is not active.
    pub fn reset(&mut self) -> Result<()> {
        let processor = self.processor.as_mut().context("not active")?;
        in_realtime_context(|| processor.reset());
        self.steady_time = 0;
        self.published.clear();
        Ok(())
    }

    /// The reported latency in samples.
    ///
    /// # Errors
    /// If the plugin lacks the extension.
    pub fn latency(&mut self) -> Result<usize> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginLatency = handle.get_extension().context("no latency extension")?;
        Ok(extension.get(&handle) as usize)
    }

    /// The state, as a host saves it in a session.
    ///
    /// # Errors
    /// If the plugin reports a failure.
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
    /// If the plugin rejects it.
    pub fn restore(&mut self, mut state: &[u8]) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginState = handle.get_extension().context("no state extension")?;
        extension.load(&handle, &mut state)?;
        self.serve_callbacks();
        Ok(())
    }

    /// Serves requests for `on_main_thread`.
    pub fn serve_callbacks(&mut self) {
        while self.requests.callback.swap(false, SeqCst) {
            self.plugin.call_on_main_thread_callback();
        }
    }
}
