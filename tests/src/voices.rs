//! Fake voices that misbehave on command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use voxmeld_core::SampleRate;
use voxmeld_core::model::fake::{PassThroughSynthesizer, pass_through_voice};
use voxmeld_core::model::{ModelError, SynthesisInput, Synthesizer, Voice};

/// What a [`FaultInjector`] does at its next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
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
    /// Does not come back until the fault changes.
    Stuck,
}

const FAULT_KINDS: [FaultKind; 6] = [
    FaultKind::Good,
    FaultKind::NotANumber,
    FaultKind::Infinite,
    FaultKind::Error,
    FaultKind::Panic,
    FaultKind::Stuck,
];

/// Sets the fault of a running voice, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    fault: Arc<AtomicU8>,
    hops: Arc<AtomicU32>,
}

impl Switch {
    /// From the next hop on.
    pub fn set(&self, fault: FaultKind) {
        let index = FAULT_KINDS.iter().position(|&other| other == fault).unwrap_or(0);
        self.fault.store(index as u8, SeqCst);
    }

    /// The present one.
    #[must_use]
    pub fn fault(&self) -> FaultKind {
        FAULT_KINDS[usize::from(self.fault.load(SeqCst)) % FAULT_KINDS.len()]
    }

    /// Hops that were begun.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.hops.load(SeqCst)
    }
}

/// A synthesizer with moods around another one.
pub struct FaultInjector {
    inner: Box<dyn Synthesizer>,
    switch: Switch,
}

impl Synthesizer for FaultInjector {
    fn sample_rate(&self) -> SampleRate {
        self.inner.sample_rate()
    }

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.switch.hops.fetch_add(1, SeqCst);
        while self.switch.fault() == FaultKind::Stuck {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inner.synthesize(input, audio)?;
        match self.switch.fault() {
            FaultKind::NotANumber => audio.fill(f32::NAN),
            FaultKind::Infinite => audio.fill(f32::INFINITY),
            FaultKind::Error => {
                return Err(ModelError::Backend {
                    model: "synthesizer",
                    why: "the test wants it so".into(),
                });
            }
            FaultKind::Panic => panic!("the test wants a panic"),
            FaultKind::Good | FaultKind::Stuck => {}
        }
        Ok(())
    }
}

/// The pass-through voice with a switch on it.
#[must_use]
pub fn fault_injector() -> (Voice, Switch) {
    with_faults(Box::new(PassThroughSynthesizer))
}

/// A voice that says nothing, with a switch on it: whatever is heard beside
/// it came by another way.
#[must_use]
pub fn mute() -> (Voice, Switch) {
    with_faults(Box::new(Mute(PassThroughSynthesizer)))
}

fn with_faults(inner: Box<dyn Synthesizer>) -> (Voice, Switch) {
    let switch = Switch::default();
    let synthesizer = FaultInjector {
        inner,
        switch: switch.clone(),
    };
    let voice = Voice {
        name: "fault_injector".into(),
        synthesizer: Box::new(synthesizer),
        ..pass_through_voice()
    };
    (voice, switch)
}

/// Zeros of the right length.
struct Mute(PassThroughSynthesizer);

impl Synthesizer for Mute {
    fn sample_rate(&self) -> SampleRate {
        self.0.sample_rate()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.0.synthesize(input, audio)?;
        audio.fill(0.0);
        Ok(())
    }
}

/// Counts voices that are alive: in a queue, sounding, or fading out.
#[derive(Clone, Debug, Default)]
pub struct Census(Arc<()>);

impl Census {
    /// A pass-through voice that is counted until it is dropped.
    #[must_use]
    pub fn voice(&self) -> Voice {
        struct Counted(
            PassThroughSynthesizer,
            #[expect(dead_code, reason = "held to be counted")] Arc<()>,
        );
        impl Synthesizer for Counted {
            fn sample_rate(&self) -> SampleRate {
                self.0.sample_rate()
            }
            fn dim(&self) -> usize {
                self.0.dim()
            }
            fn synthesize(
                &mut self,
                input: SynthesisInput<'_>,
                audio: &mut Vec<f32>,
            ) -> Result<(), ModelError> {
                self.0.synthesize(input, audio)
            }
        }
        Voice {
            synthesizer: Box::new(Counted(PassThroughSynthesizer, self.0.clone())),
            ..pass_through_voice()
        }
    }

    /// How many are alive.
    #[must_use]
    pub fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A pass-through synthesizer with something done to what it makes.
struct Changed<F>(PassThroughSynthesizer, F);

impl<F: FnMut(&mut [f32]) + Send> Synthesizer for Changed<F> {
    fn sample_rate(&self) -> SampleRate {
        self.0.sample_rate()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.0.synthesize(input, audio)?;
        (self.1)(audio);
        Ok(())
    }
}

fn changed(name: &str, change: impl FnMut(&mut [f32]) + Send + 'static) -> Voice {
    Voice {
        name: name.into(),
        synthesizer: Box::new(Changed(PassThroughSynthesizer, change)),
        ..pass_through_voice()
    }
}

/// A pass-through voice that takes its time at every `nth` hop.
#[must_use]
pub fn slow(time: Duration, nth: u32) -> Voice {
    let mut hops = 0_u32;
    changed("slow", move |_| {
        hops += 1;
        if hops.is_multiple_of(nth) {
            std::thread::sleep(time);
        }
    })
}

/// A voice that holds one level, whatever goes in.
#[must_use]
pub fn constant(level: f32) -> Voice {
    changed("constant", move |audio| audio.fill(level))
}

/// A pass-through voice that halves the smallest normal number at every hop,
/// and the bits of the last result.
#[must_use]
pub fn halving() -> (Voice, Arc<AtomicU32>) {
    let halved = Arc::new(AtomicU32::new(1));
    let result = halved.clone();
    let voice = changed("halving", move |_| {
        let half = std::hint::black_box(f32::MIN_POSITIVE) * std::hint::black_box(0.5);
        result.store(half.to_bits(), SeqCst);
    });
    (voice, halved)
}
