//! Parameters of an instance: reading, setting, and the values that the plugin publishes.

use super::{Instance, PublishedValue};
use anyhow::{Context, Result, ensure};
use clack_extensions::params::PluginParams;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;

impl Instance {
    /// A parameter's current value, in the plugin's units.
    ///
    /// # Errors
    /// If there is no parameter of that name.
    pub fn value(&mut self, name: &str) -> Result<f64> {
        let id = self.param(name)?.id;
        let handle = self.plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        extension.get_value(&handle, id).context("get_value failed")
    }

    /// Sets a parameter to a part (0..1) of its range, between two blocks.
    ///
    /// # Errors
    /// If there is no parameter of that name.
    pub fn set(&mut self, name: &str, part: f64) -> Result<()> {
        let param = self.param(name)?;
        let event = ParamValueEvent::new(0, param.id, Pckn::match_all(), param.at(part));
        let mut events = EventBuffer::new();
        events.push(&event);
        let mut output_events = EventBuffer::new();
        let (input, mut output) = (events.as_input(), output_events.as_output());
        let handle = self.plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        match &mut self.processor {
            Some(processor) => extension.flush_active(&mut processor.plugin_handle(), &input, &mut output),
            None => {
                let mut handle = self
                    .plugin
                    .inactive_plugin_handle()
                    .context("neither active nor inactive")?;
                extension.flush(&mut handle, &input, &mut output);
            }
        }
        Ok(())
    }

    /// The values of an output parameter since the last activation or reset:
    /// (position in samples, value in the plugin's units).
    ///
    /// # Errors
    /// If there is no parameter of that name.
    pub fn published(&self, name: &str) -> Result<Vec<(u64, f64)>> {
        let id = self.param(name)?.id;
        let values = self.published.iter().filter(|published| published.id == id);
        Ok(values
            .map(|published| (published.position, published.value))
            .collect())
    }

    /// Records the values that the plugin published in a block of `len` samples.
    pub(super) fn record_published(&mut self, len: usize) -> Result<()> {
        let mut last = 0;
        for event in &self.output_events {
            let at = event.header().time();
            ensure!(at >= last, "an event at {at} after one at {last}");
            ensure!((at as usize) < len, "an event at {at} in a block of {len}");
            last = at;
            if let Some(event) = event.as_event::<ParamValueEvent>()
                && let Some(id) = event.param_id()
            {
                self.published.push(PublishedValue {
                    position: self.steady_time + u64::from(at),
                    id,
                    value: event.value(),
                });
            }
        }
        Ok(())
    }
}
