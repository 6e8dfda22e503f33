//! Machines that are too slow, without waiting for one: a clock that only the
//! models move, and a voice that costs what the test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use voxmeld_core::SampleRate;
use voxmeld_core::frames::Frames;
use voxmeld_core::model::fake::{LevelEncoder, pass_through_voice};
use voxmeld_core::model::{Encoder, ModelError, SynthesisInput, Synthesizer, Voice, VoiceLayout};
use voxmeld_core::worker::WorkerClock;

/// A clock and the price of work on it. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Load {
    now_us: Arc<AtomicU64>,
    us_per_frame: Arc<AtomicU64>,
}

/// Frames of the past that the voice of a [`Load`] sees at full quality, in
/// 20 ms (encoder) and 10 ms (synthesizer).
const WINDOW_50HZ: usize = 40;
const CONTEXT_100HZ: usize = 40;

impl Load {
    /// What the worker is to look at.
    #[must_use]
    pub fn clock(&self) -> WorkerClock {
        let now_us = self.now_us.clone();
        Box::new(move || Duration::from_micros(now_us.load(SeqCst)))
    }

    /// From the next hop on, a hop of `hop_ms` at full quality costs about
    /// `load` of its budget.
    pub fn set(&self, load: f64, hop_ms: u32) {
        let frames = (WINDOW_50HZ + CONTEXT_100HZ) as f64;
        let us = load * f64::from(hop_ms) * 1_000.0 / frames;
        self.us_per_frame.store(us as u64, SeqCst);
    }

    fn work(&self, frames: usize) {
        let us = self.us_per_frame.load(SeqCst) * frames as u64;
        self.now_us.fetch_add(us, SeqCst);
    }

    /// A voice that costs in proportion to the past that it is shown, and
    /// whose output tells how much that is: a constant level, other contexts
    /// other levels.
    #[must_use]
    pub fn voice(&self) -> Voice {
        Voice {
            name: "weighed".into(),
            encoder: Box::new(WeightedTakes(LevelEncoder(4), self.clone())),
            synthesizer: Box::new(Publishing(self.clone())),
            layout: VoiceLayout {
                window_frames_50hz: WINDOW_50HZ,
                context_frames_100hz: CONTEXT_100HZ,
                ..VoiceLayout::default()
            },
            ..pass_through_voice()
        }
    }
}

struct WeightedTakes(LevelEncoder, Load);

impl Encoder for WeightedTakes {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        self.0.encode(audio_16k, embeddings)?;
        self.1.work(embeddings.len());
        Ok(())
    }
}

struct Publishing(Load);

impl Synthesizer for Publishing {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }

    fn dim(&self) -> usize {
        4
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let frames = input.embeddings_100hz.len();
        self.0.work(frames);
        audio.clear();
        audio.resize((frames - input.skip_100hz) * 160, frames as f32 / 100.0);
        Ok(())
    }
}
