//! Fake voices that misbehave on command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use voxmeld_core::SampleRate;
use voxmeld_core::model::fake::{PassThroughSynthesizer, pass_through_voice};
use voxmeld_core::model::{ModelError, SynthesisInput, Synthesizer, Voice};

/// What a [`Saboteur`] does at its next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Works.
    Good,
    /// Gives values that are not numbers.
    NotANumber,
    /// Gives infinities.
    Infinite,
    /// Reports an error.
    Error,
    /// Panics.
    Panic,
    /// Does not come back until the mood changes.
    Stuck,
}

const MOODS: [Mood; 6] = [
    Mood::Good,
    Mood::NotANumber,
    Mood::Infinite,
    Mood::Error,
    Mood::Panic,
    Mood::Stuck,
];

/// Sets the mood of a running voice, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    mood: Arc<AtomicU8>,
    hops: Arc<AtomicU32>,
}

impl Switch {
    /// From the next hop on.
    pub fn set(&self, mood: Mood) {
        let index = MOODS.iter().position(|&other| other == mood).unwrap_or(0);
        self.mood.store(index as u8, SeqCst);
    }

    /// The present one.
    #[must_use]
    pub fn mood(&self) -> Mood {
        MOODS[usize::from(self.mood.load(SeqCst)) % MOODS.len()]
    }

    /// Hops that were begun.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.hops.load(SeqCst)
    }
}

/// A pass-through synthesizer with moods.
pub struct Saboteur {
    inner: PassThroughSynthesizer,
    switch: Switch,
}

impl Synthesizer for Saboteur {
    fn sample_rate(&self) -> SampleRate {
        self.inner.sample_rate()
    }

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.switch.hops.fetch_add(1, SeqCst);
        while self.switch.mood() == Mood::Stuck {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inner.synthesize(input, audio)?;
        match self.switch.mood() {
            Mood::NotANumber => audio.fill(f32::NAN),
            Mood::Infinite => audio.fill(f32::INFINITY),
            Mood::Error => {
                return Err(ModelError::Backend {
                    model: "synthesizer",
                    why: "the test wants it so".into(),
                });
            }
            Mood::Panic => panic!("the test wants a panic"),
            Mood::Good | Mood::Stuck => {}
        }
        Ok(())
    }
}

/// The pass-through voice with a switch on it.
#[must_use]
pub fn saboteur() -> (Voice, Switch) {
    let switch = Switch::default();
    let synthesizer = Saboteur {
        inner: PassThroughSynthesizer,
        switch: switch.clone(),
    };
    let voice = Voice {
        name: "saboteur".into(),
        synthesizer: Box::new(synthesizer),
        ..pass_through_voice()
    };
    (voice, switch)
}
