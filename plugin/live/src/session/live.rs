//! Opens devices, keeps them open, and follows what changes.

use super::voices::all_voices;
use crate::device::{Backend, DeviceError, OpenStream, Wanted};
use crate::pass::{LivePass, NextAudio, PassShared, StreamShape, next_audio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use voxmeld::params::VoxmeldParams;
use voxmeld_core::engine::{Engine, EngineHandle, StreamSetup};
use voxmeld_core::geometry::Hop;
use voxmeld_core::rt::AudioSide;
use voxmeld_core::status::VoiceState;

/// Time between attempts to open a lost device.
const RETRY: Duration = Duration::from_secs(1);
/// Time without a block after which a device counts as lost.
const STALL: Duration = Duration::from_secs(3);
/// Time of much smaller blocks after which the latency is reduced to fit them.
const SHRINK: Duration = Duration::from_secs(5);

/// What the latency depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Timing {
    hop: Hop,
    safety_ms: u32,
    suppress_noise: bool,
    pub(super) block_frames: usize,
}

pub(super) struct Stream {
    pub(super) stream: Box<dyn OpenStream>,
    pub(super) next: NextAudio,
    pub(super) timing: Timing,
    pub(super) engine_latency: u32,
    /// Blocks at the last change of their count, and when that was.
    pub(super) blocks: (u64, Instant),
    /// Largest block since blocks have been much smaller than the latency allows, and since when.
    pub(super) smaller: Option<(usize, Instant)>,
    /// Time from capture to the engine, as last said.
    pub(super) captured_us: u32,
}

/// One session. Call [`Self::tick`] at least ten times a second.
pub struct Live {
    pub(super) engine: Engine,
    pub(super) params: Arc<VoxmeldParams>,
    pub(super) backend: Box<dyn Backend>,
    pub(super) wanted: Wanted,
    pub(super) shared: Arc<PassShared>,
    pub(super) stream: Option<Stream>,
    pub(super) problem: Option<String>,
    pub(super) retry_at: Option<Instant>,
    pub(super) voice: VoiceState,
    pub(super) voice_label: Option<String>,
    pub(super) notices: Vec<String>,
    pub(super) clips: (u64, Option<Instant>),
    /// Late hops of former streams.
    pub(super) xruns_before: u64,
}

impl Live {
    /// Closed and silent; no device is touched.
    #[must_use]
    pub fn new(backend: Box<dyn Backend>, wanted: Wanted) -> Self {
        let engine = Engine::new();
        let params = Arc::new(VoxmeldParams::new(engine.handle()));
        Self {
            engine,
            params,
            backend,
            wanted,
            shared: Arc::default(),
            stream: None,
            problem: None,
            retry_at: None,
            voice: VoiceState::NoVoice,
            voice_label: None,
            notices: Vec::new(),
            clips: (0, None),
            xruns_before: 0,
        }
    }

    /// The parameters, shared with the audio thread.
    #[must_use]
    pub fn params(&self) -> &Arc<VoxmeldParams> {
        &self.params
    }

    /// The engine, for a window.
    #[must_use]
    pub fn engine_handle(&self) -> EngineHandle {
        self.engine.handle()
    }

    /// Sentences since the last call, for the terminal.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Opens the devices.
    ///
    /// # Errors
    /// Why not; [`Self::tick`] does not try again unless [`Self::wait_for_device`] is called.
    pub fn open(&mut self, now: Instant) -> Result<(), DeviceError> {
        self.stream = None;
        self.keep_xruns();
        self.shared.begin_stream();
        let (engine, params, shared) = (&mut self.engine, &self.params, &self.shared);
        let mut made = None;
        let mut build = |shape: &StreamShape| {
            let timing = timing(params, shape.block_frames);
            let audio = activate(engine, shape, timing)?;
            let (next, slot) = next_audio();
            made = Some((next, timing, audio.latency_samples()));
            Ok(LivePass::new(audio, slot, params.clone(), shared.clone(), shape))
        };
        let stream = self.backend.open(&self.wanted, shared, &mut build)?;
        let Some((next, timing, engine_latency)) = made else {
            return Err(DeviceError::Engine("the device opened without a stream".into()));
        };
        self.params.voice.choose_default();
        self.problem = None;
        self.retry_at = None;
        let opened = stream.opened();
        self.notices.push(format!(
            "playing {} to {}{} at {} Hz, blocks of {}",
            opened.input,
            opened.output,
            opened
                .monitor
                .as_ref()
                .map_or_else(String::new, |monitor| format!(" and {monitor}")),
            opened.shape.rate_hz,
            opened.shape.block_frames
        ));
        self.notices.extend(opened.notes.iter().cloned());
        self.stream = Some(Stream {
            stream,
            next,
            timing,
            engine_latency,
            blocks: (self.shared.blocks(), now),
            smaller: None,
            captured_us: 0,
        });
        Ok(())
    }

    /// The device is not there yet: it is tried every second from now on.
    pub fn wait_for_device(&mut self, why: &DeviceError, now: Instant) {
        self.set_problem(why.to_string());
        self.retry_at = Some(now + RETRY);
    }

    /// Looks after everything that changed.
    pub fn tick(&mut self, now: Instant) {
        self.follow_device(now);
        self.follow_timing(now);
        self.follow_voice();
        let clipped = self.shared.clipped();
        if clipped > self.clips.0 {
            self.clips = (clipped, Some(now));
        }
    }

    fn follow_device(&mut self, now: Instant) {
        if let Some(stream) = &mut self.stream {
            let blocks = self.shared.blocks();
            if blocks != stream.blocks.0 {
                stream.blocks = (blocks, now);
            }
            let stalled = now.saturating_duration_since(stream.blocks.1) > STALL;
            let lost = stream
                .stream
                .lost()
                .or_else(|| stalled.then(|| "the device does not ask for audio any more".to_owned()));
            if let Some(why) = lost {
                self.stream = None;
                self.keep_xruns();
                self.engine.deactivate();
                self.set_problem(why);
                self.retry_at = Some(now + RETRY);
            }
        } else if self.retry_at.is_some_and(|at| now >= at)
            && let Err(error) = self.open(now)
        {
            self.set_problem(error.to_string());
            self.retry_at = Some(now + RETRY);
        }
    }

    /// A new stream counts from 0.
    fn keep_xruns(&mut self) {
        self.xruns_before += self.engine.handle().status().xruns;
    }

    fn set_problem(&mut self, problem: String) {
        if self.problem.as_ref() != Some(&problem) {
            self.notices
                .push(format!("silent: {problem} (tried again every second)"));
            self.problem = Some(problem);
        }
    }

    /// Another hop or block needs another stream of the engine.
    fn follow_timing(&mut self, now: Instant) {
        let Some(stream) = &mut self.stream else { return };
        stream.next.free_replaced();
        let largest = self.shared.take_largest_block();
        let active = stream.timing.block_frames;
        let mut block_frames = active.max(largest);
        if largest > 0 && largest * 2 <= active {
            let (seen, since) = stream.smaller.get_or_insert((largest, now));
            *seen = largest.max(*seen);
            if now.saturating_duration_since(*since) > SHRINK {
                block_frames = *seen;
            }
        } else if largest > 0 {
            stream.smaller = None;
        }
        let captured_us = self.shared.captured_us();
        let before_us = std::mem::replace(&mut stream.captured_us, captured_us);
        let wanted = timing(&self.params, block_frames);
        if wanted == stream.timing {
            if captured_us != before_us {
                let ms = self.latency_ms().unwrap_or_default();
                self.notices.push(format!("the latency is {ms:.1} ms"));
            }
            return;
        }
        let shape = stream.stream.opened().shape;
        self.xruns_before += self.engine.handle().status().xruns;
        match activate(&mut self.engine, &shape, wanted) {
            Ok(audio) => {
                stream.timing = wanted;
                stream.smaller = None;
                stream.engine_latency = audio.latency_samples();
                // The slot is empty: the last stream was taken at the next block after it was sent.
                if stream.next.send(audio).is_err() {
                    stream.timing.block_frames = 0;
                }
                let ms = self.latency_ms().unwrap_or_default();
                self.notices.push(format!("the latency is now {ms:.1} ms"));
            }
            Err(error) => {
                self.notices.push(error.to_string());
                stream.timing = wanted;
            }
        }
    }

    fn follow_voice(&mut self) {
        let voice = self.engine.handle().voice();
        if voice == self.voice {
            return;
        }
        match &voice {
            VoiceState::Ready { name } => {
                let label = self.voice_label.clone();
                let label = label.or_else(|| self.chosen(&all_voices()).map(|(_, voice)| voice.label));
                let label = label.unwrap_or_else(|| name.clone());
                self.notices.push(format!("the voice is ready: {label}"));
                self.voice_label = Some(label);
            }
            VoiceState::Failed { why } => self.notices.push(format!("silent, the voice failed: {why}")),
            VoiceState::Loading { .. } | VoiceState::NoVoice => {}
        }
        self.voice = voice;
    }
}

fn timing(params: &VoxmeldParams, block_frames: usize) -> Timing {
    Timing {
        hop: params.hop.value().into(),
        safety_ms: u32::try_from(params.safety_buffer.value()).unwrap_or(0),
        suppress_noise: params.noise_suppression.value(),
        block_frames: params.host_block.value().samples().unwrap_or(block_frames),
    }
}

/// Starts a stream of the engine.
fn activate(engine: &mut Engine, shape: &StreamShape, timing: Timing) -> Result<AudioSide, DeviceError> {
    let setup = StreamSetup {
        host_rate_hz: shape.rate_hz,
        max_block: timing.block_frames,
        safety_ms: timing.safety_ms,
        suppress_noise: timing.suppress_noise,
        channels: shape.channels,
        hop: timing.hop,
        offline: false,
    };
    let audio = engine
        .activate(setup)
        .map_err(|error| DeviceError::Engine(error.to_string()))?;
    if audio.latency_samples() == 0 {
        let why = engine.handle().status().message;
        return Err(DeviceError::Engine(why.unwrap_or_else(|| {
            format!("{} Hz is not supported: choose another --rate", shape.rate_hz)
        })));
    }
    Ok(audio)
}
