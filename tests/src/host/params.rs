//! Descriptions of parameters, and parameter events.

use anyhow::{Context, Result};
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;

/// The plugin's description of a parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// The parameter's CLAP id.
    pub id: ClapId,
    /// The name that users see.
    pub name: String,
    /// Minimum.
    pub min: f64,
    /// Maximum.
    pub max: f64,
    /// Default value.
    pub default: f64,
    /// An output parameter: published by the plugin, not set by the host.
    pub read_only: bool,
    /// Not shown to users.
    pub hidden: bool,
}

impl Param {
    /// The value at a part (0..1) of the range.
    #[must_use]
    pub fn at(&self, part: f64) -> f64 {
        self.min + part * (self.max - self.min)
    }
}

/// A parameter change in a block.
#[derive(Clone, Copy, Debug)]
pub struct ParamEvent {
    /// Sample of the block.
    pub offset: u32,
    /// The parameter.
    pub id: ClapId,
    /// In the plugin's units.
    pub value: f64,
}

impl ParamEvent {
    /// Appends the event to a block's list.
    pub(super) fn add_to(self, list: &mut EventBuffer) {
        list.push(&ParamValueEvent::new(
            self.offset,
            self.id,
            Pckn::match_all(),
            self.value,
        ));
    }
}

/// Reads all parameters of an instance.
pub(super) fn read_all(plugin: &PluginMainThreadHandle<'_>, extension: PluginParams) -> Result<Vec<Param>> {
    let mut buffer = ParamInfoBuffer::new();
    (0..extension.count(plugin))
        .map(|index| {
            let info = extension
                .get_info(plugin, index, &mut buffer)
                .with_context(|| format!("parameter {index} has no description"))?;
            Ok(Param {
                id: info.id,
                name: String::from_utf8_lossy(info.name).into_owned(),
                min: info.min_value,
                max: info.max_value,
                default: info.default_value,
                read_only: info.flags.contains(ParamInfoFlags::IS_READONLY),
                hidden: info.flags.contains(ParamInfoFlags::IS_HIDDEN),
            })
        })
        .collect()
}
