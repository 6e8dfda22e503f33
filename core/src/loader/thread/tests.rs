//! Panics on the loader's thread, planted in the function that loads.

use super::*;
use crate::model::fake::{PASS_THROUGH_DIM, PassThroughSynthesizer, pass_through_voice};
use crate::model::{ModelError, SynthesisInput, Synthesizer};
use crate::selection::PackRef;
use crate::units::SampleRate;
use crossbeam_channel::{bounded, unbounded};

/// A selection whose pack's name says what the planted loader does.
fn selection(what: &str) -> VoiceSelection {
    VoiceSelection {
        pack: PackRef::Embedded(what.into()),
        ..VoiceSelection::nothing()
    }
}

/// Panics where the pack is named so.
fn planted(selection: &VoiceSelection, progress: &mut dyn FnMut(f32, &str)) -> Result<Voice, LoadError> {
    progress(0.5, "voice");
    match &selection.pack {
        PackRef::Embedded(name) if name == "panic" => panic!("planted"),
        PackRef::Embedded(name) if name == "fails" => Ok(Voice {
            synthesizer: Box::new(FailsWithContext),
            ..pass_through_voice()
        }),
        _ => Ok(pass_through_voice()),
    }
}

struct Rig {
    loader: LoaderThread,
    control: Arc<ControlState>,
    status: Arc<StatusCells>,
    worker: Receiver<WorkerCommand>,
    discard: Sender<Box<Voice>>,
}

fn rig() -> Rig {
    let (control, status) = (Arc::<ControlState>::default(), Arc::<StatusCells>::default());
    let (to_worker, worker) = unbounded();
    let (discard, discarded) = bounded(1);
    let loader = LoaderThread::spawn(
        unbounded(),
        discarded,
        to_worker,
        control.clone(),
        status.clone(),
        Box::new(planted),
    )
    .expect("a thread");
    Rig {
        loader,
        control,
        status,
        worker,
        discard,
    }
}

impl Rig {
    /// Requests a voice and waits until the loader has served it.
    fn load(&self, what: &str) {
        self.control.loads.add();
        let request = LoaderCommand::Load(Box::new(selection(what)));
        self.loader.commands.send(request).expect("the loader runs");
        while self.control.loads.receive_delivered(|| {}) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn panic_while_loading_is_reported_and_the_next_request_works() {
    let rig = rig();
    rig.load("panic");
    let VoiceState::Failed { why } = rig.control.voice.lock().clone() else {
        panic!("not failed")
    };
    assert!(why.contains("planted"), "{why}");
    assert_eq!(rig.status.message.lock().as_ref(), Some(&why));
    assert!(rig.worker.is_empty(), "nothing was sent");
    rig.load("good");
    assert!(matches!(rig.worker.try_recv(), Ok(WorkerCommand::Swap(_))));
    assert_eq!(*rig.status.message.lock(), None);
}

#[test]
fn panic_while_loading_keeps_the_voice_that_runs() {
    let rig = rig();
    let ready = VoiceState::Ready { name: "first".into() };
    *rig.control.voice.lock() = ready.clone();
    rig.load("panic");
    assert_eq!(*rig.control.voice.lock(), ready);
    assert!(rig.control.running.lock().last_was_refused());
    assert!(rig.status.message.lock().is_some());
}

/// Fails as soon as there is context whose audio is left out.
struct FailsWithContext;

impl Synthesizer for FailsWithContext {
    fn sample_rate(&self) -> SampleRate {
        PassThroughSynthesizer.sample_rate()
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        if input.skip_100hz > 0 {
            return Err(ModelError::Shape {
                model: "synthesizer",
                expected: 1,
                got: 0,
            });
        }
        PassThroughSynthesizer.synthesize(input, audio)
    }
}

#[test]
fn voice_that_would_fail_in_the_stream_is_refused_by_the_loader() {
    let rig = rig();
    let ready = VoiceState::Ready { name: "first".into() };
    *rig.control.voice.lock() = ready.clone();
    rig.load("fails");
    assert_eq!(*rig.control.voice.lock(), ready);
    assert!(rig.worker.is_empty(), "nothing was sent");
    let why = rig.status.message.lock().clone().unwrap_or_default();
    assert!(why.contains("hop of 20 ms"), "{why}");
}

/// Panics when it is dropped.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("planted in drop");
    }
}

impl Synthesizer for PanicsWhenDropped {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, _: SynthesisInput<'_>, _: &mut Vec<f32>) -> Result<(), ModelError> {
        Ok(())
    }
}

#[test]
fn voice_that_panics_when_it_is_freed_does_not_end_the_loader() {
    let rig = rig();
    let voice = Voice {
        synthesizer: Box::new(PanicsWhenDropped),
        ..pass_through_voice()
    };
    rig.discard.send(Box::new(voice)).expect("the loader runs");
    rig.load("good");
    assert!(matches!(rig.worker.try_recv(), Ok(WorkerCommand::Swap(_))));
}
