//! Models that fail while they run.

use super::{Rig, live, tone};
use crate::control_state::VoiceState;
use crate::geometry::Hop;
use crate::model::fake::pass_through_voice;
use crate::model::{ModelError, SynthesisInput, Synthesizer, Voice};
use crate::units::SampleRate;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Outputs a constant, NaN, an error or a panic, by the stored code.
struct Faulty(Arc<AtomicU32>);

impl Synthesizer for Faulty {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }
    fn dim(&self) -> usize {
        320
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        audio.resize(input.f0_hz.len() * 160, 0.25);
        match self.0.load(Relaxed) {
            1 => audio.fill(f32::NAN),
            2 => {
                return Err(ModelError::Backend {
                    model: "synthesizer",
                    why: "injected".into(),
                });
            }
            3 => panic!("injected panic"),
            _ => {}
        }
        Ok(())
    }
}

fn faulty_voice(fault: &Arc<AtomicU32>) -> Voice {
    Voice {
        synthesizer: Box::new(Faulty(fault.clone())),
        name: "faulty".into(),
        ..pass_through_voice()
    }
}

#[test]
fn nan_silences_the_hop_and_errors_or_panics_fail_the_voice() {
    let fault = Arc::new(AtomicU32::new(0));
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, faulty_voice(&fault));
    let loud = tone(0.6, 24_000);
    assert!((rig.play(&loud, &live())[23_999] - 0.25).abs() < 1e-3);
    fault.store(1, Relaxed);
    let output = rig.play(&loud, &live());
    assert!(output.iter().all(|x| x.is_finite()) && output[23_000..].iter().all(|&x| x == 0.0));
    fault.store(0, Relaxed);
    assert!(
        (rig.play(&loud, &live())[23_999] - 0.25).abs() < 1e-3,
        "the voice recovers by itself"
    );
    for (code, word) in [(2, "injected"), (3, "injected panic")] {
        fault.store(code, Relaxed);
        let output = rig.play(&loud, &live());
        assert!(output[23_000..].iter().all(|&x| x == 0.0));
        let VoiceState::Failed { why } = rig.control.voice.lock().clone() else {
            panic!("not failed")
        };
        assert!(why.contains("faulty") && why.contains(word), "{why}");
        fault.store(0, Relaxed);
        rig.swap(faulty_voice(&fault));
        assert!(
            (rig.play(&loud, &live())[23_999] - 0.25).abs() < 1e-3,
            "a new voice sounds"
        );
    }
    assert_eq!(
        rig.reloads.load(Relaxed),
        1,
        "one restart, then it stays failed until it has run without errors for a while"
    );
}

#[test]
fn voice_that_fails_in_its_first_hop_is_rejected_and_the_running_voice_continues() {
    for code in [1, 2, 3] {
        let good = Arc::new(AtomicU32::new(0));
        let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, faulty_voice(&good));
        let loud = tone(0.6, 24_000);
        rig.play(&loud, &live());
        rig.swap(Voice {
            name: "newcomer".into(),
            ..faulty_voice(&Arc::new(AtomicU32::new(code)))
        });
        let output = rig.play(&loud, &live());
        assert!(
            output.iter().all(|&sample| (sample - 0.25).abs() < 1e-3),
            "fault {code}: the running voice has a gap"
        );
        let expected = VoiceState::Ready {
            name: "faulty".into(),
        };
        assert_eq!(*rig.control.voice.lock(), expected, "fault {code}");
        assert!(
            rig.status.message.lock().is_some(),
            "fault {code}: no reason is shown"
        );
        assert!(
            rig.control.running.lock().last_was_refused(),
            "fault {code}: the same file could not be chosen again"
        );
        assert_eq!(rig.reloads.load(Relaxed), 0);
    }
}
