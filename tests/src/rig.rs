//! The engine without a plugin, driven block by block as by a host.

use crate::host::{Pace, Sizes};
use crate::simulated_load::SimulatedLoad;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};
use voxmeld_core::engine::{Engine, EngineHandle, StreamSetup};
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::Voice;
use voxmeld_core::rt::{AudioSide, BlockControls};
use voxmeld_core::selection::VoiceSelection;
use voxmeld_core::status::VoiceState;
use voxmeld_core::worker::HopObserver;

/// An active engine.
pub struct Rig {
    // Before `engine`, so that the audio side is dropped before the worker.
    audio: AudioSide,
    engine: Engine,
    setup: StreamSetup,
}

/// The set-up of most tests: 48 kHz, mono, blocks of up to 480, offline.
#[must_use]
pub fn offline_48k() -> StreamSetup {
    StreamSetup {
        safety_ms: 0,
        suppress_noise: false,
        host_rate_hz: 48_000.0,
        max_block: 480,
        channels: 1,
        hop: Hop::Ms20,
        offline: true,
    }
}

impl Rig {
    /// With a given voice, set before the first sample.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn with_voice(setup: StreamSetup, voice: Voice) -> Result<Self> {
        let mut engine = Engine::new();
        engine.use_voice(voice);
        let audio = engine.activate(setup)?;
        Ok(Self { audio, engine, setup })
    }

    /// An engine that was set up before its first activation.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn with_engine(setup: StreamSetup, mut engine: Engine) -> Result<Self> {
        let audio = engine.activate(setup)?;
        Ok(Self { audio, engine, setup })
    }

    /// As [`Self::with_voice`], with the clock and the voice of `load`.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn under_load(setup: StreamSetup, load: &SimulatedLoad) -> Result<Self> {
        let mut engine = Engine::new();
        engine.use_clock(load.clock());
        engine.use_voice(load.voice());
        let audio = engine.activate(setup)?;
        Ok(Self { audio, engine, setup })
    }

    /// Without a voice.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn empty(setup: StreamSetup) -> Result<Self> {
        let mut engine = Engine::new();
        let audio = engine.activate(setup)?;
        Ok(Self { audio, engine, setup })
    }

    /// With a voice from files; returns when it is loaded. Hops are reported to
    /// `observer`, if there is one.
    ///
    /// # Errors
    /// If the voice cannot be loaded; the text is the one that a user sees.
    pub fn with_selection(
        setup: StreamSetup,
        selection: VoiceSelection,
        observer: Option<HopObserver>,
    ) -> Result<Self> {
        let mut engine = Engine::new();
        if let Some(observer) = observer {
            engine.observe_hops(observer);
        }
        // Before the activation, as a host that opens a session: some voices need more latency than others.
        let handle = engine.handle();
        handle.load(selection);
        let mut delay_us = handle.voice_delay_us();
        let audio = engine.activate(setup)?;
        let mut rig = Self { audio, engine, setup };
        let state = loop {
            let state = rig.wait_for_load_until(|| handle.voice_delay_us() != delay_us);
            if handle.voice_delay_us() == delay_us {
                break state;
            }
            // The file was found elsewhere; a host restarts the plugin then.
            delay_us = handle.voice_delay_us();
            rig.activate_again(setup)?;
        };
        match state {
            VoiceState::Ready { .. } => Ok(rig),
            VoiceState::Failed { why } => bail!("{why}"),
            other => bail!("the voice is neither ready nor failed: {other:?}"),
        }
    }

    /// Waits until no voice is being loaded, and returns the state of the voice.
    #[must_use]
    pub fn wait_for_load(&self) -> VoiceState {
        self.wait_for_load_until(|| false)
    }

    fn wait_for_load_until(&self, given_up: impl Fn() -> bool) -> VoiceState {
        let handle = self.engine.handle();
        let started = Instant::now();
        loop {
            let state = handle.status().voice;
            let busy = matches!(state, VoiceState::Loading { .. } | VoiceState::NoVoice);
            if !busy || given_up() || started.elapsed() > Duration::from_secs(60) {
                return state;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A handle as the editor uses it.
    #[must_use]
    pub fn handle(&self) -> EngineHandle {
        self.engine.handle()
    }

    /// The engine itself.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops the stream and starts another one; the voice stays.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn activate_again(&mut self, setup: StreamSetup) -> Result<()> {
        self.audio = self.engine.activate(setup)?;
        self.setup = setup;
        Ok(())
    }

    /// The audio thread's part of the engine.
    pub fn audio(&mut self) -> &mut AudioSide {
        &mut self.audio
    }

    /// The reported latency in samples.
    #[must_use]
    pub fn latency(&self) -> usize {
        self.audio.latency_samples() as usize
    }

    /// Plays `input` (one vector per channel) and returns the output, which includes
    /// the latency. `automation` has the controls from a sample on; blocks are
    /// split there, as by the plugin's wrapper.
    pub fn play(
        &mut self,
        input: &[Vec<f32>],
        sizes: &Sizes,
        automation: &[(usize, BlockControls)],
        pace: Pace,
    ) -> Vec<Vec<f32>> {
        let len = input.first().map_or(0, Vec::len);
        let mut sound = input.to_vec();
        let mut clock = pace.clock(self.setup.host_rate_hz);
        for (index, range) in sizes.ranges(len).enumerate() {
            if pace.waits(index) {
                clock.wait_for(range.end);
            }
            let mut start = range.start;
            loop {
                let cut = automation
                    .iter()
                    .map(|change| change.0)
                    .find(|&at| at > start && at < range.end)
                    .unwrap_or(range.end);
                let controls = automation
                    .iter()
                    .rev()
                    .find(|change| change.0 <= start)
                    .map_or_else(BlockControls::default, |change| change.1);
                let mut block: Vec<&mut [f32]> =
                    sound.iter_mut().map(|channel| &mut channel[start..cut]).collect();
                self.audio.process(&mut block, &controls);
                start = cut;
                if start >= range.end {
                    break;
                }
            }
        }
        sound
    }

    /// [`Self::play`] for one channel without automation, faster than real time.
    pub fn play_mono(&mut self, input: &[f32], block: usize) -> Vec<f32> {
        let mut out = self.play(&[input.to_vec()], &Sizes::all(block), &[], Pace::Free);
        out.swap_remove(0)
    }
}
