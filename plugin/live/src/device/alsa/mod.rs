//! ALSA through cpal: real devices, and PipeWire's and PulseAudio's (`pipewire`, `pulse`, `default`).
//!
//! Input and output are devices of their own with clocks of their own, so the input is read through
//! [`crate::drift`], and so is the monitor.

mod config;
mod streams;

use super::{Backend, BuildPass, DeviceError, DeviceInfo, OpenStream, Wanted};
use crate::pass::PassShared;
use config::{Direction, device_error, id};
use cpal::traits::{DeviceTrait, HostTrait};
use std::sync::Arc;

/// The backend.
pub struct Alsa {
    host: cpal::Host,
}

impl Default for Alsa {
    fn default() -> Self {
        Self {
            host: cpal::default_host(),
        }
    }
}

impl Alsa {
    /// The device that is called so: by its id, or by a part of its name that no other has.
    fn find(&self, name: Option<&str>, direction: Direction) -> Result<cpal::Device, DeviceError> {
        let what = direction.what();
        let Some(name) = name else {
            let default = match direction {
                Direction::Input => self.host.default_input_device(),
                _ => self.host.default_output_device(),
            };
            return default.ok_or(DeviceError::None { what });
        };
        let devices: Vec<cpal::Device> = self
            .host
            .devices()
            .map_err(|error| device_error("ALSA", "", &error))?
            .collect();
        let same = |device: &&cpal::Device| id(device) == name;
        let contains = |device: &&cpal::Device| {
            let name = name.to_lowercase();
            label(device).to_lowercase().contains(&name) || id(device).to_lowercase().contains(&name)
        };
        if let Some(device) = devices
            .iter()
            .find(same)
            .or_else(|| devices.iter().find(contains))
        {
            return Ok(device.clone());
        }
        // ALSA knows names that it does not list, such as `hw:1` or those with parameters.
        let unlisted = cpal::DeviceId::new(self.host.id(), name);
        if let Some(device) = self.host.device_by_id(&unlisted) {
            return Ok(device);
        }
        if devices.is_empty() {
            return Err(DeviceError::None { what });
        }
        let there: Vec<String> = devices.iter().map(id).collect();
        Err(DeviceError::NotFound {
            what,
            name: name.into(),
            there: there.join(", "),
        })
    }
}

fn label(device: &cpal::Device) -> String {
    device
        .description()
        .map_or_else(|_| String::new(), |description| description.name().to_owned())
}

impl Backend for Alsa {
    fn name(&self) -> &'static str {
        "alsa"
    }

    fn devices(&self) -> Result<Vec<DeviceInfo>, DeviceError> {
        let devices = self
            .host
            .devices()
            .map_err(|error| device_error("ALSA", "", &error))?;
        Ok(devices
            .map(|device| DeviceInfo {
                id: id(&device),
                name: label(&device),
                inputs: device.supports_input(),
                outputs: device.supports_output(),
            })
            .filter(|device| device.inputs || device.outputs)
            .collect())
    }

    fn open(
        &mut self,
        wanted: &Wanted,
        shared: &Arc<PassShared>,
        build: &mut BuildPass,
    ) -> Result<Box<dyn OpenStream>, DeviceError> {
        let input = self.find(wanted.input.as_deref(), Direction::Input)?;
        let output = self.find(wanted.output.as_deref(), Direction::Output)?;
        let monitor = match wanted.monitor.as_deref() {
            Some(name) => Some(self.find(Some(name), Direction::Monitor)?),
            None => None,
        };
        let devices = streams::Devices {
            input,
            output,
            monitor,
        };
        streams::open(&devices, wanted, shared, build)
    }
}
