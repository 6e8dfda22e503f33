//! Fake voices that inject faults, count themselves, or do one simple thing to the audio.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use voxmeld_core::SampleRate;
use voxmeld_core::model::fake::{PassThroughSynthesizer, pass_through_voice};
use voxmeld_core::model::{ModelError, SynthesisInput, Synthesizer, Voice};

/// The fault that a [`FaultInjector`] injects into each hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// No fault.
    None,
    /// All samples are NaN.
    NotANumber,
    /// All samples are infinite.
    Infinite,
    /// `synthesize` returns an error.
    Error,
    /// `synthesize` panics.
    Panic,
    /// `synthesize` does not return until the fault changes.
    Stalled,
}

const FAULT_KINDS: [FaultKind; 6] = [
    FaultKind::None,
    FaultKind::NotANumber,
    FaultKind::Infinite,
    FaultKind::Error,
    FaultKind::Panic,
    FaultKind::Stalled,
];

/// Sets the fault of a running voice, from any thread. Clones control the same voice.
#[derive(Clone, Debug, Default)]
pub struct FaultSwitch {
    fault: Arc<AtomicU8>,
    hops: Arc<AtomicU32>,
}

impl FaultSwitch {
    /// Takes effect at the next hop.
    pub fn set(&self, fault: FaultKind) {
        let index = FAULT_KINDS.iter().position(|&other| other == fault).unwrap_or(0);
        self.fault.store(index as u8, SeqCst);
    }

    /// The current fault.
    #[must_use]
    pub fn fault(&self) -> FaultKind {
        FAULT_KINDS[usize::from(self.fault.load(SeqCst)) % FAULT_KINDS.len()]
    }

    /// Calls of `synthesize` so far.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.hops.load(SeqCst)
    }
}

/// A synthesizer that injects faults into the output of another one.
pub struct FaultInjector {
    inner: Box<dyn Synthesizer>,
    switch: FaultSwitch,
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
        while self.switch.fault() == FaultKind::Stalled {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inner.synthesize(input, audio)?;
        match self.switch.fault() {
            FaultKind::NotANumber => audio.fill(f32::NAN),
            FaultKind::Infinite => audio.fill(f32::INFINITY),
            FaultKind::Error => {
                return Err(ModelError::Backend {
                    model: "synthesizer",
                    why: "injected error".into(),
                });
            }
            FaultKind::Panic => panic!("injected panic"),
            FaultKind::None | FaultKind::Stalled => {}
        }
        Ok(())
    }
}

/// The pass-through voice with a switch for faults.
#[must_use]
pub fn fault_injector() -> (Voice, FaultSwitch) {
    with_faults(Box::new(PassThroughSynthesizer))
}

/// A voice whose output is zero, with a switch for faults: every other sample in the output of a test has
/// bypassed the voice.
#[must_use]
pub fn silent_voice() -> (Voice, FaultSwitch) {
    with_faults(Box::new(SilentSynthesizer(PassThroughSynthesizer)))
}

fn with_faults(inner: Box<dyn Synthesizer>) -> (Voice, FaultSwitch) {
    let switch = FaultSwitch::default();
    let synthesizer = FaultInjector {
        inner,
        switch: switch.clone(),
    };
    let voice = Voice {
        name: "fault injector".into(),
        synthesizer: Box::new(synthesizer),
        ..pass_through_voice()
    };
    (voice, switch)
}

/// Outputs zeros, as many as the pass-through synthesizer outputs samples.
struct SilentSynthesizer(PassThroughSynthesizer);

impl Synthesizer for SilentSynthesizer {
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

/// Counts the voices in memory: queued, playing, or fading out.
#[derive(Clone, Debug, Default)]
pub struct VoiceCounter(Arc<()>);

impl VoiceCounter {
    /// A new pass-through voice, counted until it is dropped.
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

    /// Voices that have not been dropped.
    #[must_use]
    pub fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A pass-through synthesizer whose output is modified by a function.
struct Modified<F>(PassThroughSynthesizer, F);

impl<F: FnMut(&mut [f32]) + Send> Synthesizer for Modified<F> {
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

fn modified_voice(name: &str, modify: impl FnMut(&mut [f32]) + Send + 'static) -> Voice {
    Voice {
        name: name.into(),
        synthesizer: Box::new(Modified(PassThroughSynthesizer, modify)),
        ..pass_through_voice()
    }
}

/// A pass-through voice that sleeps for `time` in every `nth` hop.
#[must_use]
pub fn slow_voice(time: Duration, nth: u32) -> Voice {
    let mut hops = 0_u32;
    modified_voice("slow", move |_| {
        hops += 1;
        if hops.is_multiple_of(nth) {
            std::thread::sleep(time);
        }
    })
}

/// A voice whose samples all have the value `level`, whatever the input.
#[must_use]
pub fn constant_voice(level: f32) -> Voice {
    modified_voice("constant", move |audio| audio.fill(level))
}

/// A pass-through voice that halves the smallest normal `f32` at every hop, and the bits of the last result: zero
/// where subnormal numbers are flushed.
#[must_use]
pub fn subnormal_voice() -> (Voice, Arc<AtomicU32>) {
    let result_bits = Arc::new(AtomicU32::new(1));
    let written = result_bits.clone();
    let voice = modified_voice("subnormal", move |_| {
        let half = std::hint::black_box(f32::MIN_POSITIVE) * std::hint::black_box(0.5);
        written.store(half.to_bits(), SeqCst);
    });
    (voice, result_bits)
}
