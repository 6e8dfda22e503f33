//! Parameters of an instance: read, set, and what the plugin sent of them.

use super::{AppliedFrame, Instance};
use anyhow::{Context, Result, ensure};
use clack_extensions::params::PluginParams;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;

impl Instance {
    /// A parameter's present value, in the plugin's units.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn value(&mut self, name: &str) -> Result<f64> {
        let id = self.param(name)?.id;
        let handle = self.plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        extension
            .get_value(&handle, id)
            .context("a parameter without a value")
    }

    /// Sets a parameter to a part (0..1) of its range, outside of any block.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn set(&mut self, name: &str, part: f64) -> Result<()> {
        let param = self.param(name)?;
        let event = ParamValueEvent::new(0, param.id, Pckn::match_all(), param.at(part));
        let mut events = EventBuffer::new();
        events.push(&event);
        let mut answers = EventBuffer::new();
        let (input, mut output) = (events.as_input(), answers.as_output());
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

    /// What the plugin told of a parameter since the last reset: values in its
    /// units, and the samples since then at which it told them.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn told(&self, name: &str) -> Result<Vec<(u64, f64)>> {
        let id = self.param(name)?.id;
        let of_it = self.told.iter().filter(|told| told.id == id);
        Ok(of_it.map(|told| (told.position, told.value)).collect())
    }

    /// Keeps the values that a block of `len` samples has told.
    pub(super) fn record_published(&mut self, len: usize) -> Result<()> {
        let mut last = 0;
        for event in &self.answers {
            let at = event.header().time();
            ensure!(at >= last, "an event at {at} after one at {last}");
            ensure!((at as usize) < len, "an event at {at} in a block of {len}");
            last = at;
            if let Some(event) = event.as_event::<ParamValueEvent>()
                && let Some(id) = event.param_id()
            {
                self.told.push(AppliedFrame {
                    position: self.steady_time + u64::from(at),
                    id,
                    value: event.value(),
                });
            }
        }
        Ok(())
    }
}
