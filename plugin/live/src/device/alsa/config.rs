//! Which of a device's formats is used.

use super::super::{DeviceError, Wanted};
use cpal::traits::DeviceTrait;
use cpal::{
    BufferSize, ErrorKind, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange,
};

/// Rate, unless another is asked for, if the device has it.
const RATE_HZ: u32 = 48_000;
/// Block, unless another is asked for.
const BLOCK_FRAMES: u32 = 256;

/// What a device is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Input,
    Output,
    Monitor,
}

impl Direction {
    pub fn what(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Monitor => "monitor",
        }
    }
}

/// How a stream is opened.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    pub stream: StreamConfig,
    pub format: SampleFormat,
    /// Frames of a block as asked for.
    pub block_frames: u32,
}

impl Chosen {
    pub fn rate_hz(&self) -> f64 {
        f64::from(self.stream.sample_rate)
    }
}

/// Formats by how well they fit; others are not used.
const FORMATS: [SampleFormat; 5] = [
    SampleFormat::F32,
    SampleFormat::I32,
    SampleFormat::I16,
    SampleFormat::I8,
    SampleFormat::U8,
];

/// The best format of a device: the wanted rate; one or two channels; floats before integers.
pub fn choose(
    device: &cpal::Device,
    direction: Direction,
    rate_hz: Option<u32>,
    wanted: &Wanted,
) -> Result<Chosen, DeviceError> {
    let name = id(device);
    let asked = asked(rate_hz, wanted.buffer_frames);
    let fail = |error: &cpal::Error| device_error(&name, &asked, error);
    let ranges: Vec<SupportedStreamConfigRange> = match direction {
        Direction::Input => device.supported_input_configs().map_err(|e| fail(&e))?.collect(),
        _ => device.supported_output_configs().map_err(|e| fail(&e))?.collect(),
    };
    let rate = |range: &SupportedStreamConfigRange| {
        let wanted = rate_hz.unwrap_or(RATE_HZ);
        match rate_hz {
            Some(_) => range.contains_rate(wanted).then_some(wanted),
            None => Some(wanted.clamp(range.min_sample_rate(), range.max_sample_rate())),
        }
    };
    let best = ranges
        .iter()
        .filter_map(|range| {
            let format = FORMATS
                .iter()
                .position(|format| *format == range.sample_format())?;
            let rate = rate(range)?;
            let channels = match (direction, range.channels()) {
                (Direction::Input, 1) | (Direction::Output | Direction::Monitor, 2) => 0,
                (_, 1 | 2) => 1,
                (_, more) => more,
            };
            Some(((rate.abs_diff(RATE_HZ), channels, format), range, rate))
        })
        .min_by_key(|(order, ..)| *order);
    let Some((_, range, rate)) = best else {
        return Err(DeviceError::Unsupported {
            device: name,
            asked,
            why: if ranges.is_empty() {
                format!("it is no {}", direction.what())
            } else {
                "it has no such format".into()
            },
        });
    };
    let block_frames = match (wanted.buffer_frames, range.buffer_size()) {
        (Some(frames), _) => frames,
        (None, SupportedBufferSize::Range { min, max }) => BLOCK_FRAMES.clamp(*min, (*max).max(*min)),
        (None, SupportedBufferSize::Unknown) => BLOCK_FRAMES,
    };
    Ok(Chosen {
        stream: StreamConfig {
            channels: range.channels(),
            sample_rate: rate,
            buffer_size: BufferSize::Fixed(block_frames),
        },
        format: range.sample_format(),
        block_frames,
    })
}

fn asked(rate_hz: Option<u32>, buffer_frames: Option<u32>) -> String {
    let mut parts = Vec::new();
    parts.extend(rate_hz.map(|rate| format!("{rate} Hz")));
    parts.extend(buffer_frames.map(|frames| format!("blocks of {frames}")));
    if parts.is_empty() {
        "any format".into()
    } else {
        parts.join(" and ")
    }
}

/// A device's id, by which it is chosen.
pub fn id(device: &cpal::Device) -> String {
    device
        .id()
        .map_or_else(|_| String::new(), |id| id.id().to_owned())
}

/// A sentence for an error of cpal.
pub fn device_error(device: &str, asked: &str, error: &cpal::Error) -> DeviceError {
    let device = device.to_owned();
    match error.kind() {
        ErrorKind::DeviceBusy => DeviceError::Busy { device },
        ErrorKind::UnsupportedConfig | ErrorKind::InvalidInput => DeviceError::Unsupported {
            device,
            asked: asked.to_owned(),
            why: error.to_string(),
        },
        _ => DeviceError::Other {
            device,
            why: error.to_string().trim_end_matches('.').to_owned(),
        },
    }
}
