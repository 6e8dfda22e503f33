//! Voices are refused before they are used where a stream would fail with them.

use crate::geometry::{Geometry, Hop};
use crate::model::fake::{PASS_THROUGH_DIM, PassThroughSynthesizer, noise_voice, pass_through_voice};
use crate::model::{ModelError, SynthesisInput, Synthesizer, Voice};
use crate::units::SampleRate;
use crate::worker::try_out;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A synthesizer that fails where `fails` says so, by frames and frames skipped.
struct FailsWhere<F>(F);

impl<F: FnMut(usize, usize) -> bool + Send> Synthesizer for FailsWhere<F> {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        if (self.0)(input.f0_hz.len(), input.skip_100hz) {
            return Err(ModelError::Backend {
                model: "synthesizer",
                why: "planted".into(),
            });
        }
        PassThroughSynthesizer.synthesize(input, audio)
    }
}

fn fails_where(fails: impl FnMut(usize, usize) -> bool + Send + 'static) -> Voice {
    Voice {
        synthesizer: Box::new(FailsWhere(fails)),
        ..pass_through_voice()
    }
}

fn at_once() -> Duration {
    Duration::ZERO
}

fn refused(voice: Voice) -> String {
    match try_out(voice, None, &at_once) {
        Ok(_) => panic!("not refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn good_voices_pass_at_every_rate_and_hop() {
    for rate_hz in [44_100.0, 48_000.0, 192_000.0] {
        for hop in Hop::ALL {
            let geometry = Geometry::new(rate_hz, hop, 512).expect("a supported set-up");
            for voice in [pass_through_voice(), noise_voice()] {
                let name = voice.name.clone();
                let tried = try_out(voice, Some(&geometry), &at_once);
                assert!(tried.is_ok(), "{name} {rate_hz} {hop:?}: {:?}", tried.err());
            }
        }
    }
}

#[test]
fn voice_that_fails_only_with_context_to_skip_is_refused() {
    let why = refused(fails_where(|_, skipped| skipped > 0));
    assert!(why.contains("planted") && why.contains("20 ms"), "{why}");
}

#[test]
fn voice_that_fails_only_at_the_longest_hop_is_refused_and_the_hop_is_named() {
    // 240 ms are 24 frames, and there are at most 4 of context and 2 held.
    let why = refused(fails_where(|frames, _| frames >= 24));
    assert!(why.contains("240 ms"), "{why}");
}

#[test]
fn voice_that_fails_only_from_its_third_hop_on_is_refused() {
    let mut hops = 0;
    let why = refused(fails_where(move |_, _| {
        hops += 1;
        hops >= 3
    }));
    assert!(why.contains("planted"), "{why}");
}

#[test]
fn voice_that_fails_only_at_reduced_context_is_refused() {
    let mut longest = 0;
    let why = refused(fails_where(move |frames, _| {
        longest = longest.max(frames);
        frames < longest
    }));
    assert!(why.contains("planted"), "{why}");
}

/// NaN, but only where there is a signal: every hop would be silent.
struct NotANumber;

impl Synthesizer for NotANumber {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(16_000)
    }
    fn dim(&self) -> usize {
        PASS_THROUGH_DIM
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        PassThroughSynthesizer.synthesize(input, audio)?;
        for sample in audio.iter_mut().filter(|sample| **sample != 0.0) {
            *sample = f32::NAN;
        }
        Ok(())
    }
}

#[test]
fn voice_that_makes_no_numbers_is_refused() {
    let why = refused(Voice {
        synthesizer: Box::new(NotANumber),
        ..pass_through_voice()
    });
    assert!(why.contains("not numbers"), "{why}");
}

#[test]
fn a_slow_voice_is_tried_at_the_hop_in_use_and_no_longer() {
    let clock = Arc::new(AtomicU64::new(0));
    let ticking = clock.clone();
    // Two seconds for each hop; fails at any hop but the one in use.
    let voice = fails_where(move |frames, _| {
        ticking.fetch_add(2, Relaxed);
        frames < 24
    });
    let geometry = Geometry::new(48_000.0, Hop::Ms240, 512).expect("a supported set-up");
    let elapsed = || Duration::from_secs(clock.load(Relaxed));
    assert!(try_out(voice, Some(&geometry), &elapsed).is_ok());
}
