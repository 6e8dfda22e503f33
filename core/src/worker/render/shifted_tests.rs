//! Shifted formants of a synthesizer whose formant is known.

use super::*;
use crate::geometry::Hop;
use crate::model::SynthesisInput;
use crate::units::SampleRate;
use std::f64::consts::TAU;

const RATE: usize = 24_000;
const TICK: usize = RATE / 100;

/// Harmonics of the pitch under one formant at 1 kHz.
struct OneFormant {
    stateful: bool,
    phase: f64,
    calls: Vec<usize>,
}

/// Amplitude of the formant at a frequency.
fn formant(hz: f64) -> f64 {
    0.2 / (1.0 + ((hz - 1000.0) / 250.0).powi(2))
}

impl OneFormant {
    fn new(stateful: bool) -> Self {
        Self {
            stateful,
            phase: 0.0,
            calls: Vec::new(),
        }
    }

    fn make(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) {
        self.calls.push(input.f0_hz.len());
        audio.clear();
        for (n, &f0_hz) in input.f0_hz.iter().enumerate() {
            let f0_hz = f64::from(f0_hz);
            for _ in 0..TICK {
                self.phase = (self.phase + f0_hz / RATE as f64).fract();
                if n >= input.skip_100hz {
                    let harmonics = (1..).map(f64::from).take_while(|k| k * f0_hz < 6_000.0);
                    let sum: f64 = harmonics
                        .map(|k| formant(k * f0_hz) * (TAU * k * self.phase).cos())
                        .sum();
                    audio.push(sum as f32);
                }
            }
        }
    }
}

impl Synthesizer for OneFormant {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(24_000)
    }
    fn dim(&self) -> usize {
        1
    }
    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.phase = 0.0;
        self.make(input, audio);
        Ok(())
    }
    fn is_stateful(&self) -> bool {
        self.stateful
    }
    fn synthesize_streaming(
        &mut self,
        input: SynthesisInput<'_>,
        audio: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        assert!(input.f0_hz.len().is_multiple_of(2) && input.skip_100hz + input.held_100hz == 0);
        self.make(input, audio);
        Ok(())
    }
}

/// The audio of hops of 20 ms, joined, for the factor of each.
fn play(stateful: bool, f0_hz: f32, factors: impl Iterator<Item = f32>) -> (Vec<f32>, Vec<usize>) {
    let geometry = Geometry::new(48_000.0, Hop::Ms20, 480).expect("a usual set-up");
    let mut synthesizer = OneFormant::new(stateful);
    let mut renderer = Renderer::new(&synthesizer, &geometry).expect("rates that fit");
    let mut cache = FeatureCache::new(1);
    cache.restart(0);
    for _ in 0..16 {
        cache.push([&[0.0]; 2], [f0_hz; 2], 1.0);
    }
    let mut joined = Vec::new();
    for factor in factors {
        cache.push([&[0.0]; 2], [f0_hz; 2], factor);
        cache.fit(16);
        renderer
            .synthesize(&mut synthesizer, &cache, 0, 0)
            .expect("it cannot fail");
        if stateful {
            assert_eq!(renderer.audio_model.len(), 2 * TICK);
            // As `join` does it.
            renderer.tail_model.extend_from_slice(&renderer.audio_model);
            let keep = TAIL_100HZ * TICK;
            renderer.tail_model.drain(..renderer.tail_model.len() - keep);
            joined.append(&mut renderer.audio_model);
        } else {
            renderer.sola.join(&renderer.audio_model, &mut joined);
        }
    }
    (joined, synthesizer.calls)
}

/// Amplitude and phase of a tone in a signal, through a Hann window.
fn tone(signal: &[f32], hz: f64) -> (f64, f64) {
    let (mut re, mut im, mut weights) = (0.0, 0.0, 0.0);
    for (n, &x) in signal.iter().enumerate() {
        let weight = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / signal.len() as f64).cos();
        let angle = TAU * hz * n as f64 / RATE as f64;
        re += weight * f64::from(x) * angle.cos();
        im -= weight * f64::from(x) * angle.sin();
        weights += weight;
    }
    (2.0 * re.hypot(im) / weights, im.atan2(re))
}

/// The frequency near 200 Hz, by its phases 50 ms (ten periods) apart.
fn frequency_near_200_hz(signal: &[f32]) -> f64 {
    let (len, step) = (signal.len() / 2, RATE / 20);
    let moved = tone(&signal[step..step + len], 200.0).1 - tone(&signal[..len], 200.0).1;
    let off = (moved + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
    200.0 + off / (TAU * 0.05)
}

#[test]
fn formants_move_by_the_factor_and_the_pitch_stays() {
    for stateful in [true, false] {
        for semitones in [-12.0_f32, -5.0, -1.0, 1.0, 2.5, 7.0, 12.0] {
            let factor = (semitones / 12.0).exp2();
            let (audio, _) = play(stateful, 200.0, std::iter::repeat_n(factor, 80));
            let settled = &audio[audio.len() / 4..];
            let pitch = frequency_near_200_hz(settled);
            let cents = 1200.0 * (pitch / 200.0).log2();
            assert!(
                cents.abs() < 2.0,
                "{semitones} st, stateful {stateful}: {cents} cents"
            );
            for k in 1..=12 {
                let hz = 200.0 * f64::from(k);
                let expected = formant(hz / f64::from(factor));
                let level = 20.0 * (tone(settled, hz).0 / expected).log10();
                assert!(
                    level.abs() < 1.0,
                    "{semitones} st, stateful {stateful}, harmonic {k}: {level} dB off"
                );
            }
        }
    }
}

#[test]
fn stateful_audio_is_continuous_where_the_factor_begins_moves_and_ends() {
    let factors = (0..120).map(|hop| match hop {
        0..20 => 1.0,
        20..100 => 1.0 + 0.005 * (hop - 20) as f32,
        _ => 1.0,
    });
    let (audio, calls) = play(true, 200.0, factors);
    assert_eq!(audio.len(), 120 * 2 * TICK);
    let (plain, _) = play(true, 200.0, std::iter::repeat_n(1.0, 120));
    assert_eq!(audio[..20 * 2 * TICK], plain[..20 * 2 * TICK]);
    let steepest = |signal: &[f32]| {
        let steps = signal.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        steps.fold(0.0, f32::max)
    };
    // A formant that is moved by a factor is as much wider, and holds as many more harmonics.
    let plain_step = steepest(&plain);
    for (hop, part) in audio.chunks(2 * TICK).enumerate() {
        let factor = 1.0 + 0.005 * (hop.clamp(20, 100) - 20) as f32;
        let most = 1.1 * factor * factor * plain_step;
        let from = (hop * 2 * TICK).saturating_sub(1);
        let step = steepest(&audio[from..hop * 2 * TICK + part.len()]);
        assert!(
            step < most,
            "hop {hop}: a step of {step}, at most {most} expected"
        );
    }
    assert_eq!(
        calls.iter().filter(|frames| **frames > 8).count(),
        2,
        "begins with the context, and once more"
    );
}
