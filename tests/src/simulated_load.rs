//! A simulated machine of any speed: a clock that only the models advance, and a voice whose computing time the test
//! sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use voxmeld_core::SampleRate;
use voxmeld_core::frames::Frames;
use voxmeld_core::model::fake::{LevelEncoder, pass_through_voice};
use voxmeld_core::model::{Encoder, ModelError, SynthesisInput, Synthesizer, Voice, VoiceLayout};
use voxmeld_core::worker::WorkerClock;

/// A clock, and the time on it that a frame takes to compute. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct SimulatedLoad {
    now_us: Arc<AtomicU64>,
    us_per_frame: Arc<AtomicU64>,
}

/// Context of the voice at full quality: frames of 20 ms (encoder) and of 10 ms (synthesizer).
const WINDOW_50HZ: usize = 40;
const CONTEXT_100HZ: usize = 40;

impl SimulatedLoad {
    /// The clock that the worker is to use.
    #[must_use]
    pub fn clock(&self) -> WorkerClock {
        let now_us = self.now_us.clone();
        Box::new(move || Duration::from_micros(now_us.load(SeqCst)))
    }

    /// From the next hop on, a hop of `hop_ms` at full quality takes about
    /// `load` times its budget.
    pub fn set(&self, load: f64, hop_ms: u32) {
        let frames = (WINDOW_50HZ + CONTEXT_100HZ) as f64;
        let us = load * f64::from(hop_ms) * 1_000.0 / frames;
        self.us_per_frame.store(us as u64, SeqCst);
    }

    fn advance(&self, frames: usize) {
        let us = self.us_per_frame.load(SeqCst) * frames as u64;
        self.now_us.fetch_add(us, SeqCst);
    }

    /// A voice whose computing time is proportional to its context, and whose
    /// output is the length of the context as a constant level.
    #[must_use]
    pub fn voice(&self) -> Voice {
        Voice {
            name: "simulated load".into(),
            encoder: Box::new(TimedEncoder(LevelEncoder(4), self.clone())),
            synthesizer: Box::new(ContextLevelSynthesizer(self.clone())),
            layout: VoiceLayout {
                window_frames_50hz: WINDOW_50HZ,
                context_frames_100hz: CONTEXT_100HZ,
                ..VoiceLayout::default()
            },
            ..pass_through_voice()
        }
    }
}

struct TimedEncoder(LevelEncoder, SimulatedLoad);

impl Encoder for TimedEncoder {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        self.0.encode(audio_16k, embeddings)?;
        self.1.advance(embeddings.len());
        Ok(())
    }
}

struct ContextLevelSynthesizer(SimulatedLoad);

impl Synthesizer for ContextLevelSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }

    fn dim(&self) -> usize {
        4
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let frames = input.embeddings_100hz.len();
        self.0.advance(frames);
        audio.clear();
        audio.resize((frames - input.skip_100hz) * 160, frames as f32 / 100.0);
        Ok(())
    }
}
