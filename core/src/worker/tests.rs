//! The worker without its thread: the tests call every step.

mod faults;
mod panics;
mod settings;
mod trial;

use super::*;
use crate::control_state::ControlState;
use crate::controls::Controls;
use crate::geometry::{Geometry, Hop};
use crate::model::Voice;
use crate::model::fake::{noise_voice, pass_through_voice};
use crate::rt::{AudioSide, BlockControls, Meters};
use crate::status::StatusCells;
use crate::stream::stream_link;
use crossbeam_channel::{Sender, unbounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// An audio side and its worker in one thread.
struct Rig {
    audio: AudioSide,
    worker: Worker,
    commands: Sender<WorkerCommand>,
    control: Arc<ControlState>,
    status: Arc<StatusCells>,
    reloads: Arc<AtomicU32>,
    geometry: Geometry,
}

impl Rig {
    fn new(rate_hz: f64, hop: Hop) -> Self {
        let geometry = Geometry::new(rate_hz, hop, 512).expect("a supported set-up");
        let (client, server) = stream_link(&geometry);
        let audio = AudioSide::new(Some((client, &geometry)), rate_hz, 1, Arc::new(Meters::default()));
        let (commands, receiver) = unbounded();
        let (control, status) = (Arc::<ControlState>::default(), Arc::<StatusCells>::default());
        let reloads = Arc::new(AtomicU32::new(0));
        let count = reloads.clone();
        let request_reload = Box::new(move || {
            count.fetch_add(1, Relaxed);
        });
        let mut worker = Worker::new(receiver, control.clone(), status.clone(), request_reload);
        worker.execute(WorkerCommand::Start(Box::new(server), geometry.clone()));
        Self {
            audio,
            worker,
            commands,
            control,
            status,
            reloads,
            geometry,
        }
    }

    fn with_voice(rate_hz: f64, hop: Hop, voice: Voice) -> Self {
        let rig = Self::new(rate_hz, hop);
        rig.swap(voice);
        rig
    }

    /// Stops the stream and starts another one of the same kind.
    fn restart_stream(&mut self) {
        let (client, server) = stream_link(&self.geometry);
        let rate_hz = f64::from(self.geometry.host_rate.0);
        self.audio = AudioSide::new(
            Some((client, &self.geometry)),
            rate_hz,
            1,
            Arc::new(Meters::default()),
        );
        let start = WorkerCommand::Start(Box::new(server), self.geometry.clone());
        self.worker.execute(start);
    }

    fn swap(&self, voice: Voice) {
        self.commands
            .send(WorkerCommand::Swap(Box::new(voice)))
            .expect("the worker is there");
    }

    /// Plays `input` in blocks of 480, the worker never late.
    fn play(&mut self, input: &[f32], controls: &BlockControls) -> Vec<f32> {
        let mut output = input.to_vec();
        for block in output.chunks_mut(480) {
            self.audio.process(&mut [block], controls);
            while self.worker.step() == NextStep::Again {}
        }
        output
    }
}

fn live() -> BlockControls {
    BlockControls {
        voice: Controls {
            blend_ratio: 0.0,
            ..Controls::default()
        },
        ..BlockControls::default()
    }
}

/// Noise from about 900 to 1800 Hz: 16 kHz holds all of it, and the DC blocker leaves it as it is.
fn low_noise(rate_hz: f64, len: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let (mut above, mut below) = ([0.0_f64; 4], [0.0_f64; 4]);
    let step = |hz: f64| 1.0 - (-std::f64::consts::TAU * hz / rate_hz).exp();
    let (high, low) = (step(1_800.0), step(900.0));
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut x = (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5;
            for (above, below) in above.iter_mut().zip(&mut below) {
                *above += high * (x - *above);
                *below += low * (*above - *below);
                x = *above - *below;
            }
            (10.0 * x) as f32
        })
        .collect()
}

/// A tone of 306 Hz at 48 kHz.
fn tone(peak: f32, len: usize) -> Vec<f32> {
    (0..len).map(|n| peak * (n as f32 * 0.04).sin()).collect()
}

fn error_at(input: &[f32], output: &[f32], delay: usize, from: usize) -> f32 {
    let n = output.len() - from;
    let sum: f32 = (from..output.len())
        .map(|i| (output[i] - input[i - delay]).powi(2))
        .sum();
    (sum / n as f32).sqrt()
}

#[test]
fn pass_through_voice_returns_the_input_delayed_by_the_reported_latency() {
    for (rate_hz, hop) in [
        (48_000.0, Hop::Ms20),
        (44_100.0, Hop::Ms20),
        (96_000.0, Hop::Ms40),
        (48_000.0, Hop::Ms240),
        (88_200.0, Hop::Ms60),
    ] {
        let mut rig = Rig::with_voice(rate_hz, hop, pass_through_voice());
        let latency = rig.geometry.latency_samples();
        let input = low_noise(rate_hz, 2 * rate_hz as usize);
        let output = rig.play(&input, &live());
        let from = rate_hz as usize;
        let level = (input.iter().map(|x| x * x).sum::<f32>() / input.len() as f32).sqrt();
        let here = error_at(&input, &output, latency, from) / level;
        let before = error_at(&input, &output, latency - 1, from) / level;
        let after = error_at(&input, &output, latency + 1, from) / level;
        assert!(
            here < 0.05 && here < after,
            "{rate_hz} {hop:?}: {before} {here} {after}"
        );
        assert!(here < before, "{rate_hz} {hop:?}: {before} {here} {after}");
    }
}

#[test]
fn without_a_voice_output_is_silence_or_the_delayed_input_as_set() {
    let mut rig = Rig::new(48_000.0, Hop::Ms20);
    let latency = rig.geometry.latency_samples();
    let input = low_noise(48_000.0, 24_000);
    assert!(rig.play(&input, &live()).iter().all(|&x| x == 0.0));
    rig.audio.reset();
    let dry = BlockControls {
        when_not_ready: crate::rt::WhenNotReady::DelayedDry,
        ..live()
    };
    let output = rig.play(&input, &dry);
    assert_eq!(output[latency + 480..], input[480..input.len() - latency]);
}

#[test]
fn bypass_takes_effect_one_latency_after_it_is_set() {
    let mut rig = Rig::new(48_000.0, Hop::Ms20);
    let latency = rig.geometry.latency_samples();
    let input = low_noise(48_000.0, 48_000);
    let mut output = rig.play(&input[..24_000], &live());
    output.extend(rig.play(
        &input[24_000..],
        &BlockControls {
            bypass: true,
            ..live()
        },
    ));
    let switch = 24_000 + latency;
    assert!(output[..switch].iter().all(|&x| x == 0.0), "bypass is too early");
    assert_eq!(output[switch + 480..], input[24_480..48_000 - latency]);
}

#[test]
fn swapping_equal_voices_leaves_the_output_continuous() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, pass_through_voice());
    let latency = rig.geometry.latency_samples();
    let input: Vec<f32> = (0..96_000).map(|n| 0.5 * (n as f32 * 0.1).sin()).collect();
    let mut output = rig.play(&input[..48_000], &live());
    rig.swap(pass_through_voice());
    output.extend(rig.play(&input[48_000..], &live()));
    let worst = (20_000..96_000)
        .map(|n| (output[n] - input[n - latency]).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.02, "{worst}");
}

#[test]
fn a_reset_repeats_the_same_noise() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, noise_voice());
    let input = low_noise(48_000.0, 48_000);
    let first = rig.play(&input, &live());
    rig.audio.reset();
    let second = rig.play(&input, &live());
    assert!(first.iter().any(|&x| x != 0.0));
    assert_eq!(first, second);
}
