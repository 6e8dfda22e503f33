//! The callbacks of input, output and monitor.

use super::super::{BuildPass, DeviceError, OpenStream, Opened, Wanted};
use super::config::{Chosen, Direction, choose, device_error, id};
use crate::drift::{DriftReader, ReaderSetup, RingWriter, ring};
use crate::pass::{LivePass, MonitorMute, PassShared, StreamShape};
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, SampleFormat, SizedSample};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;

/// Room of a ring between two devices.
const RING_S: f64 = 1.0;
/// Largest block that is converted at once.
const MAX_FRAMES: usize = 8_192;

pub struct Devices {
    pub input: cpal::Device,
    pub output: cpal::Device,
    pub monitor: Option<cpal::Device>,
}

/// What the callbacks of one stream share.
#[derive(Clone)]
struct Common {
    shared: Arc<PassShared>,
    /// Common zero of all times.
    began: Instant,
    lost: Arc<Mutex<Option<String>>>,
}

impl Common {
    fn now_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Called by cpal on its own threads.
    fn on_error(&self, device: String) -> impl FnMut(cpal::Error) + Send + 'static {
        let common = self.clone();
        move |error| match error.kind() {
            ErrorKind::Xrun => common.shared.count_device_xrun(),
            ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
            _ => {
                common
                    .lost
                    .lock()
                    .get_or_insert_with(|| format!("{device}: {error}"));
            }
        }
    }
}

pub fn open(
    devices: &Devices,
    wanted: &Wanted,
    shared: &Arc<PassShared>,
    build: &mut BuildPass,
) -> Result<Box<dyn OpenStream>, DeviceError> {
    let common = Common {
        shared: shared.clone(),
        began: Instant::now(),
        lost: Arc::default(),
    };
    let out = choose(&devices.output, Direction::Output, wanted.rate_hz, wanted)?;
    // The rate that was asked for is the output's; a microphone without it is resampled anyway.
    let same_rate = choose(
        &devices.input,
        Direction::Input,
        Some(out.stream.sample_rate),
        wanted,
    );
    let input = same_rate.or_else(|_| choose(&devices.input, Direction::Input, None, wanted))?;
    let channels = usize::from(input.stream.channels.min(2));
    let (writer, reader) = ring(channels, ring_frames(input.rate_hz()));
    let reader = DriftReader::new(
        reader,
        ReaderSetup {
            from_hz: input.rate_hz(),
            to_hz: out.rate_hz(),
            write_frames: usize::try_from(input.block_frames).unwrap_or(MAX_FRAMES),
            read_frames: usize::try_from(out.block_frames).unwrap_or(MAX_FRAMES),
        },
    )
    .map_err(|error| DeviceError::Engine(error.to_string()))?;
    let shape = StreamShape {
        rate_hz: out.rate_hz(),
        block_frames: usize::try_from(out.block_frames).unwrap_or(MAX_FRAMES),
        channels,
        captured_s: reader.latency_s(),
    };
    let mut pass = build(&shape)?;
    let mut streams = Vec::new();
    if let Some(device) = &devices.monitor {
        streams.push(open_monitor(device, wanted, &out, &mut pass, &common)?);
    }
    let playing = Playing {
        channels_out: usize::from(out.stream.channels),
        frames: vec![0.0; MAX_FRAMES * channels],
        reader,
        pass,
        common: common.clone(),
    };
    streams.push(open_output(&devices.output, &out, playing)?);
    streams.push(open_input(&devices.input, &input, writer, &common)?);
    let mut notes = Vec::new();
    if input.stream.sample_rate != out.stream.sample_rate {
        notes.push(format!(
            "the input runs at {} Hz and is resampled",
            input.stream.sample_rate
        ));
    }
    for stream in &streams {
        stream
            .play()
            .map_err(|error| device_error("the stream", "", &error))?;
    }
    Ok(Box::new(AlsaStream {
        opened: Opened {
            input: id(&devices.input),
            output: id(&devices.output),
            monitor: devices.monitor.as_ref().map(id),
            input_rate_hz: input.rate_hz(),
            shape,
            // cpal opens rings of two blocks, and asks for a block when one is left.
            played_s: f64::from(out.block_frames) / out.rate_hz(),
            notes,
        },
        common,
        _streams: streams,
    }))
}

struct AlsaStream {
    opened: Opened,
    common: Common,
    _streams: Vec<cpal::Stream>,
}

impl OpenStream for AlsaStream {
    fn opened(&self) -> &Opened {
        &self.opened
    }

    fn lost(&self) -> Option<String> {
        self.common.lost.lock().clone()
    }
}

fn ring_frames(rate_hz: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are positive"
    )]
    let frames = (RING_S * rate_hz) as usize;
    frames.max(2 * MAX_FRAMES)
}

/// Calls a function that is generic over the sample type.
macro_rules! by_format {
    ($format:expr, $function:ident($($argument:expr),*)) => {
        match $format {
            SampleFormat::F32 => $function::<f32>($($argument),*),
            SampleFormat::I32 => $function::<i32>($($argument),*),
            SampleFormat::I16 => $function::<i16>($($argument),*),
            SampleFormat::I8 => $function::<i8>($($argument),*),
            _ => $function::<u8>($($argument),*),
        }
    };
}

fn open_input(
    device: &cpal::Device,
    chosen: &Chosen,
    writer: RingWriter,
    common: &Common,
) -> Result<cpal::Stream, DeviceError> {
    by_format!(chosen.format, input_of(device, chosen, writer, common))
}

fn input_of<T: SizedSample>(
    device: &cpal::Device,
    chosen: &Chosen,
    mut writer: RingWriter,
    common: &Common,
) -> Result<cpal::Stream, DeviceError>
where
    f32: FromSample<T>,
{
    let channels_in = usize::from(chosen.stream.channels);
    let channels = writer.channels();
    let mut frames = vec![0.0_f32; MAX_FRAMES * channels];
    let clock = common.clone();
    let capture = move |data: &[T], _: &cpal::InputCallbackInfo| {
        let now_s = clock.now_s();
        for data in data.chunks(MAX_FRAMES * channels_in) {
            let frames = &mut frames[..data.len() / channels_in * channels];
            for (to, from) in frames
                .chunks_exact_mut(channels)
                .zip(data.chunks_exact(channels_in))
            {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = f32::from_sample_(*from);
                }
            }
            writer.write(frames, now_s);
        }
    };
    let name = id(device);
    device
        .build_input_stream(chosen.stream, capture, common.on_error(name.clone()), None)
        .map_err(|error| device_error(&name, &asked(chosen), &error))
}

/// The output's callback.
struct Playing {
    channels_out: usize,
    frames: Vec<f32>,
    reader: DriftReader,
    pass: LivePass,
    common: Common,
}

impl Playing {
    /// # Real-time
    /// Yes.
    fn play<T: SizedSample + FromSample<f32>>(&mut self, data: &mut [T]) {
        let now_s = self.common.now_s();
        let channels = self.pass.channels();
        for data in data.chunks_mut(MAX_FRAMES * self.channels_out) {
            let frames = &mut self.frames[..data.len() / self.channels_out * channels];
            self.reader.pull(frames, now_s);
            self.pass.process(frames, now_s);
            spread(frames, channels, data, self.channels_out);
        }
        self.common.shared.set_input(
            self.reader.gaps(),
            self.reader.drift_ppm(),
            self.reader.latency_s(),
        );
    }
}

/// The channels of `frames` to those of a device; where it has more, the last one is repeated.
fn spread<T: SizedSample + FromSample<f32>>(
    frames: &[f32],
    channels: usize,
    data: &mut [T],
    channels_out: usize,
) {
    for (to, from) in data
        .chunks_exact_mut(channels_out)
        .zip(frames.chunks_exact(channels))
    {
        for (n, to) in to.iter_mut().enumerate() {
            *to = T::from_sample_(from[n.min(channels - 1)].clamp(-1.0, 1.0));
        }
    }
}

fn open_output(
    device: &cpal::Device,
    chosen: &Chosen,
    playing: Playing,
) -> Result<cpal::Stream, DeviceError> {
    by_format!(chosen.format, output_of(device, chosen, playing))
}

fn output_of<T: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    chosen: &Chosen,
    mut playing: Playing,
) -> Result<cpal::Stream, DeviceError> {
    let name = id(device);
    let on_error = playing.common.on_error(name.clone());
    let play = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
        let times = info.timestamp();
        let delay = times.playback.saturating_duration_since(times.callback);
        playing
            .common
            .shared
            .set_output_delay_us(u32::try_from(delay.as_micros()).unwrap_or(0));
        playing.play(data);
    };
    device
        .build_output_stream(chosen.stream, play, on_error, None)
        .map_err(|error| device_error(&name, &asked(chosen), &error))
}

fn open_monitor(
    device: &cpal::Device,
    wanted: &Wanted,
    main: &Chosen,
    pass: &mut LivePass,
    common: &Common,
) -> Result<cpal::Stream, DeviceError> {
    let same_rate = choose(device, Direction::Monitor, Some(main.stream.sample_rate), wanted);
    let chosen = same_rate.or_else(|_| choose(device, Direction::Monitor, None, wanted))?;
    let channels = usize::from(chosen.stream.channels.min(2));
    let (writer, reader) = ring(channels, ring_frames(main.rate_hz()));
    let reader = DriftReader::new(
        reader,
        ReaderSetup {
            from_hz: main.rate_hz(),
            to_hz: chosen.rate_hz(),
            write_frames: usize::try_from(main.block_frames).unwrap_or(MAX_FRAMES),
            read_frames: usize::try_from(chosen.block_frames).unwrap_or(MAX_FRAMES),
        },
    )
    .map_err(|error| DeviceError::Engine(error.to_string()))?;
    pass.set_monitor(writer);
    by_format!(
        chosen.format,
        monitor_of(device, &chosen, reader, channels, common)
    )
}

fn monitor_of<T: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    chosen: &Chosen,
    mut reader: DriftReader,
    channels: usize,
    common: &Common,
) -> Result<cpal::Stream, DeviceError> {
    let channels_out = usize::from(chosen.stream.channels);
    let mut frames = vec![0.0_f32; MAX_FRAMES * channels];
    let mut mute = MonitorMute::new(chosen.rate_hz());
    let clock = common.clone();
    let play = move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
        let now_s = clock.now_s();
        for data in data.chunks_mut(MAX_FRAMES * channels_out) {
            let frames = &mut frames[..data.len() / channels_out * channels];
            reader.pull(frames, now_s);
            mute.apply(&clock.shared, frames, channels);
            spread(frames, channels, data, channels_out);
        }
        clock.shared.set_monitor(reader.gaps());
    };
    let name = id(device);
    device
        .build_output_stream(chosen.stream, play, common.on_error(name.clone()), None)
        .map_err(|error| device_error(&name, &asked(chosen), &error))
}

fn asked(chosen: &Chosen) -> String {
    format!(
        "{} Hz and blocks of {}",
        chosen.stream.sample_rate, chosen.block_frames
    )
}
