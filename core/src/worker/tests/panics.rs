//! Panics of the worker outside of a voice's own hop, planted in everything that it calls: it
//! says so, and what comes next works.

use super::{Rig, live, tone};
use crate::control_state::VoiceState;
use crate::frames::Frames;
use crate::geometry::Hop;
use crate::model::fake::{PASS_THROUGH_DIM, PassThroughEncoder, pass_through_voice};
use crate::model::{Encoder, ModelError, SynthesisInput, Synthesizer, Voice};
use crate::units::SampleRate;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::Duration;

/// Outputs a constant.
struct Steady;

impl Synthesizer for Steady {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        audio.resize((input.f0_hz.len() - input.skip_100hz) * 160, 0.25);
        Ok(())
    }
}

fn steady_voice() -> Voice {
    Voice {
        name: "steady".into(),
        synthesizer: Box::new(Steady),
        ..pass_through_voice()
    }
}

fn is_steady(output: &[f32]) -> bool {
    output.iter().all(|&sample| (sample - 0.25).abs() < 1e-2)
}

fn sounds(rig: &mut Rig, when: &str) {
    let output = rig.play(&tone(0.6, 48_000), &live());
    assert!(is_steady(&output[40_000..]), "{when}: {}", output[47_999]);
}

fn reported(rig: &Rig, word: &str) {
    let message = rig.status.message.lock().clone().unwrap_or_default();
    assert!(message.contains(word), "{message:?}");
}

#[test]
fn panic_in_the_observer_silences_that_hop_and_the_next_ones_sound() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, steady_voice());
    let mut left = 3;
    rig.worker.observe(Box::new(move |_, _| {
        left -= 1;
        assert!(left < 0, "planted");
    }));
    sounds(&mut rig, "after three panics");
    assert_eq!(rig.status.failed_hops.load(Relaxed), 3);
    reported(&rig, "planted");
}

#[test]
fn panic_in_the_clock_silences_that_hop_and_the_next_ones_sound() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, steady_voice());
    let calls = AtomicI64::new(0);
    rig.worker.use_clock(Box::new(move || {
        assert!(calls.fetch_add(1, Relaxed) > 4, "planted");
        Duration::ZERO
    }));
    sounds(&mut rig, "after panics of the clock");
    reported(&rig, "planted");
}

/// Panics where a stream prepares for it.
struct PanicsWhenPrepared;

impl Synthesizer for PanicsWhenPrepared {
    fn sample_rate(&self) -> SampleRate {
        panic!("planted rate")
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, _: SynthesisInput<'_>, _: &mut Vec<f32>) -> Result<(), ModelError> {
        Ok(())
    }
}

fn newcomer() -> Voice {
    Voice {
        name: "newcomer".into(),
        synthesizer: Box::new(PanicsWhenPrepared),
        ..pass_through_voice()
    }
}

#[test]
fn voice_that_panics_when_it_arrives_is_refused_and_the_running_one_goes_on() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, steady_voice());
    sounds(&mut rig, "before");
    rig.swap(newcomer());
    assert!(is_steady(&rig.play(&tone(0.6, 4_800), &live())), "a gap");
    let ready = VoiceState::Ready {
        name: "steady".into(),
    };
    assert_eq!(*rig.control.voice.lock(), ready);
    assert!(rig.control.running.lock().last_was_refused());
    reported(&rig, "planted rate");
    rig.swap(steady_voice());
    sounds(&mut rig, "the next voice");
}

#[test]
fn voice_that_panics_when_it_arrives_first_is_shown_as_failed_and_the_next_one_sounds() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, newcomer());
    rig.play(&tone(0.6, 4_800), &live());
    let state = rig.control.voice.lock().clone();
    assert!(
        matches!(&state, VoiceState::Failed { why } if why.contains("planted rate")),
        "{state:?}"
    );
    rig.swap(steady_voice());
    sounds(&mut rig, "the next voice");
}

/// Panics where it is dropped.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("planted in drop");
    }
}

impl Synthesizer for PanicsWhenDropped {
    fn sample_rate(&self) -> SampleRate {
        Steady.sample_rate()
    }
    fn dim(&self) -> usize {
        Steady.dim()
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        Steady.synthesize(input, audio)
    }
}

fn panics_when_dropped() -> Voice {
    Voice {
        synthesizer: Box::new(PanicsWhenDropped),
        ..steady_voice()
    }
}

#[test]
fn panic_while_the_replaced_voice_is_freed_costs_at_most_a_hop() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, panics_when_dropped());
    sounds(&mut rig, "before");
    rig.swap(steady_voice());
    sounds(&mut rig, "after the swap");
    assert!(rig.status.failed_hops.load(Relaxed) <= 1);
    reported(&rig, "planted in drop");
}

#[test]
fn panic_while_the_voice_is_unloaded_leaves_no_voice_and_the_next_one_sounds() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, panics_when_dropped());
    sounds(&mut rig, "before");
    rig.worker.execute(super::WorkerCommand::Unload);
    assert_eq!(*rig.control.voice.lock(), VoiceState::NoVoice);
    let output = rig.play(&tone(0.6, 9_600), &live());
    assert!(output[9_000..].iter().all(|&x| x == 0.0), "nothing leaks");
    rig.swap(steady_voice());
    sounds(&mut rig, "the next voice");
}

/// Panics in `dim`, which is asked outside of the hop, while it is told to.
struct PanicsInDim(Arc<AtomicBool>);

impl Encoder for PanicsInDim {
    fn dim(&self) -> usize {
        assert!(!self.0.load(Relaxed), "planted dim");
        PASS_THROUGH_DIM
    }
    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        PassThroughEncoder.encode(audio_16k, embeddings)
    }
}

#[test]
fn panic_when_a_stream_starts_is_reported_and_the_next_start_works() {
    let panics = Arc::new(AtomicBool::new(false));
    let voice = Voice {
        encoder: Box::new(PanicsInDim(panics.clone())),
        ..steady_voice()
    };
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, voice);
    sounds(&mut rig, "before");
    panics.store(true, Relaxed);
    rig.restart_stream();
    reported(&rig, "planted dim");
    assert!(matches!(*rig.control.voice.lock(), VoiceState::Failed { .. }));
    panics.store(false, Relaxed);
    rig.restart_stream();
    rig.swap(steady_voice());
    sounds(&mut rig, "after the next start");
}
