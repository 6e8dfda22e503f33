//! A sound card of software: plays a recording as the microphone. For tests, and to try settings without a device.

use super::{Backend, BuildPass, DeviceError, DeviceInfo, OpenStream, Opened, Wanted};
use crate::pass::{LivePass, PassShared, StreamShape};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Rate, unless another is asked for.
const RATE_HZ: u32 = 48_000;
/// Block, unless another is asked for.
const BLOCK_FRAMES: u32 = 480;

/// What tests do with the device while it runs.
#[derive(Default)]
pub struct SimulatedDevice {
    unplugged: AtomicBool,
    /// Block size from now on; 0 = as opened.
    block_frames: AtomicUsize,
    /// What was played, if it is kept.
    played: Option<Mutex<Vec<f32>>>,
}

impl SimulatedDevice {
    /// Keeps what it plays.
    #[must_use]
    pub fn recording() -> Self {
        Self {
            played: Some(Mutex::default()),
            ..Self::default()
        }
    }

    /// Removes the device, or connects it again.
    pub fn set_unplugged(&self, unplugged: bool) {
        self.unplugged.store(unplugged, Ordering::Relaxed);
    }

    /// Another block size, as a server may choose while it runs.
    pub fn set_block_frames(&self, frames: usize) {
        self.block_frames.store(frames, Ordering::Relaxed);
    }

    /// What was played since the last call.
    #[must_use]
    pub fn take_played(&self) -> Vec<f32> {
        self.played
            .as_ref()
            .map(|played| std::mem::take(&mut *played.lock()))
            .unwrap_or_default()
    }
}

/// The backend.
#[derive(Default)]
pub struct Simulated {
    /// Runs as fast as the engine can, without a clock: the result does not depend on the machine's load.
    pub free_running: bool,
    /// Its switches.
    pub device: Arc<SimulatedDevice>,
}

impl Backend for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn devices(&self) -> Result<Vec<DeviceInfo>, DeviceError> {
        if self.device.unplugged.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        Ok(vec![DeviceInfo {
            id: "FILE.wav".into(),
            name: "a recording as microphone; as output the file to write".into(),
            inputs: true,
            outputs: true,
        }])
    }

    fn open(
        &mut self,
        wanted: &Wanted,
        _shared: &Arc<PassShared>,
        build: &mut BuildPass,
    ) -> Result<Box<dyn OpenStream>, DeviceError> {
        if self.device.unplugged.load(Ordering::Relaxed) {
            return Err(DeviceError::None { what: "input" });
        }
        let rate_hz = wanted.rate_hz.unwrap_or(RATE_HZ);
        let shape = StreamShape {
            rate_hz: f64::from(rate_hz),
            block_frames: usize::try_from(wanted.buffer_frames.unwrap_or(BLOCK_FRAMES)).unwrap_or(1),
            channels: 1,
            captured_s: 0.0,
        };
        let input = match &wanted.input {
            Some(path) => read(path, rate_hz)?,
            None => Vec::new(),
        };
        let file = match &wanted.output {
            Some(path) => Some(writer(path, rate_hz)?),
            None => None,
        };
        let mut pass = build(&shape)?;
        pass.set_offline(self.free_running);
        let opened = Opened {
            input: wanted.input.clone().unwrap_or_else(|| "silence".into()),
            output: wanted.output.clone().unwrap_or_else(|| "nothing".into()),
            monitor: None,
            input_rate_hz: shape.rate_hz,
            shape,
            played_s: 0.0,
            notes: Vec::new(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let player = Player {
            pass,
            input,
            shape,
            file,
            device: self.device.clone(),
            stop: stop.clone(),
            free_running: self.free_running,
        };
        let thread = std::thread::Builder::new()
            .name("voxmeld-simulated".into())
            .spawn(move || player.run())
            .map_err(|error| DeviceError::Other {
                device: "the simulated device".into(),
                why: error.to_string(),
            })?;
        Ok(Box::new(SimulatedStream {
            opened,
            device: self.device.clone(),
            stop,
            thread: Some(thread),
        }))
    }
}

/// The first channel of a WAV file, which must have the stream's rate.
fn read(path: &str, rate_hz: u32) -> Result<Vec<f32>, DeviceError> {
    let fail = |why: String| DeviceError::File {
        path: path.into(),
        why,
    };
    let mut reader = hound::WavReader::open(path).map_err(|error| fail(error.to_string()))?;
    let spec = reader.spec();
    if spec.sample_rate != rate_hz {
        return Err(fail(format!(
            "it has {} Hz; --rate {} plays it",
            spec.sample_rate, spec.sample_rate
        )));
    }
    let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            #[expect(clippy::cast_precision_loss, reason = "samples of up to 32 bits")]
            let scaled = |sample: i32| sample as f32 / (1_i64 << (spec.bits_per_sample - 1)) as f32;
            reader.samples::<i32>().map(|sample| sample.map(scaled)).collect()
        }
    };
    let samples = samples.map_err(|error| fail(error.to_string()))?;
    Ok(samples
        .into_iter()
        .step_by(usize::from(spec.channels.max(1)))
        .collect())
}

struct Player {
    pass: LivePass,
    /// Played again and again.
    input: Vec<f32>,
    shape: StreamShape,
    file: Option<Writer>,
    device: Arc<SimulatedDevice>,
    stop: Arc<AtomicBool>,
    free_running: bool,
}

impl Player {
    fn run(mut self) {
        let mut file = self.file.take();
        let began = Instant::now();
        let mut frames = 0_u64;
        let mut microphone = std::mem::take(&mut self.input).into_iter().cycle();
        while !self.stop.load(Ordering::Relaxed) && !self.device.unplugged.load(Ordering::Relaxed) {
            let len = match self.device.block_frames.load(Ordering::Relaxed) {
                0 => self.shape.block_frames,
                frames => frames,
            };
            let mut block: Vec<f32> = (0..len).map(|_| microphone.next().unwrap_or(0.0)).collect();
            self.pass.process(&mut block, began.elapsed().as_secs_f64());
            if let Some(played) = &self.device.played {
                played.lock().extend(&block);
            }
            if let Some(file) = &mut file {
                for &sample in &block {
                    let _ = file.write_sample(sample);
                }
            }
            frames += len as u64;
            if !self.free_running {
                #[expect(clippy::cast_precision_loss, reason = "a count of frames")]
                let due = Duration::from_secs_f64(frames as f64 / self.shape.rate_hz);
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
        }
        if let Some(file) = file {
            let _ = file.finalize();
        }
    }
}

type Writer = hound::WavWriter<std::io::BufWriter<std::fs::File>>;

fn writer(path: &str, sample_rate: u32) -> Result<Writer, DeviceError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    hound::WavWriter::create(path, spec).map_err(|error| DeviceError::File {
        path: path.into(),
        why: error.to_string(),
    })
}

struct SimulatedStream {
    opened: Opened,
    device: Arc<SimulatedDevice>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl OpenStream for SimulatedStream {
    fn opened(&self) -> &Opened {
        &self.opened
    }

    fn lost(&self) -> Option<String> {
        let unplugged = self.device.unplugged.load(Ordering::Relaxed);
        let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        (unplugged || ended).then(|| "the simulated device was removed".to_owned())
    }
}

impl Drop for SimulatedStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
