//! The worker without its thread: every turn is taken by hand.

use super::*;
use crate::blend::Target;
use crate::controls::Controls;
use crate::frames::Frames;
use crate::geometry::{Geometry, Hop};
use crate::model::fake::{ConstantPitch, PASS_THROUGH_DIM, noise_voice, pass_through_voice};
use crate::model::{ModelError, SynthesisInput, Synthesizer, Voice};
use crate::retrieval::{FlatIndex, Metric};
use crate::rt::{AudioSide, BlockControls, Meters};
use crate::status::{StatusCells, VoiceState};
use crate::stream::stream_link;
use crate::units::SampleRate;
use crossbeam_channel::{Sender, unbounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// An audio side and its worker in one thread.
struct Rig {
    audio: AudioSide,
    worker: Worker,
    commands: Sender<WorkerCommand>,
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
        let status = Arc::new(StatusCells::default());
        let reloads = Arc::new(AtomicU32::new(0));
        let count = reloads.clone();
        let ask_reload = Box::new(move || {
            count.fetch_add(1, Relaxed);
        });
        let mut worker = Worker::new(receiver, status.clone(), ask_reload);
        worker.obey(WorkerCommand::Start(Box::new(server), geometry.clone()));
        Self {
            audio,
            worker,
            commands,
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

    fn swap(&self, voice: Voice) {
        self.commands
            .send(WorkerCommand::Swap(Box::new(voice)))
            .expect("the worker listens");
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

/// Noise without anything above 3 kHz, so that 16 kHz holds all of it.
fn low_noise(rate_hz: f64, len: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut smooth = [0.0_f64; 4];
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut x = (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5;
            let a = 1.0 - (-std::f64::consts::TAU * 900.0 / rate_hz).exp();
            for s in &mut smooth {
                *s += a * (x - *s);
                x = *s;
            }
            x as f32
        })
        .collect()
}

fn error_at(input: &[f32], output: &[f32], delay: usize, from: usize) -> f32 {
    let n = output.len() - from;
    let sum: f32 = (from..output.len())
        .map(|i| (output[i] - input[i - delay]).powi(2))
        .sum();
    (sum / n as f32).sqrt()
}

#[test]
fn the_pass_through_voice_returns_the_input_at_the_reported_latency() {
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
fn without_a_voice_silence_is_silence_and_delayed_dry_is_the_input() {
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
fn settings_act_on_the_audio_over_which_they_were_drawn() {
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
    assert!(output[..switch].iter().all(|&x| x == 0.0), "not before its time");
    assert_eq!(output[switch + 480..], input[24_480..48_000 - latency]);
}

#[test]
fn a_swap_loses_no_sample_and_does_not_click() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, pass_through_voice());
    let latency = rig.geometry.latency_samples();
    let input: Vec<f32> = (0..96_000).map(|n| 0.5 * (n as f32 * 0.02).sin()).collect();
    let mut output = rig.play(&input[..48_000], &live());
    rig.swap(pass_through_voice());
    output.extend(rig.play(&input[48_000..], &live()));
    let worst = (20_000..96_000)
        .map(|n| (output[n] - input[n - latency]).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.02, "{worst}");
}

#[test]
fn noise_is_the_same_after_a_reset() {
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, noise_voice());
    let input = low_noise(48_000.0, 48_000);
    let first = rig.play(&input, &live());
    rig.audio.reset();
    let second = rig.play(&input, &live());
    assert!(first.iter().any(|&x| x != 0.0));
    assert_eq!(first, second);
}

/// Plays what it is told to: numbers, NaN, an error or a panic.
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
fn not_a_number_costs_a_hop_and_an_error_costs_the_voice() {
    let fault = Arc::new(AtomicU32::new(0));
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, faulty_voice(&fault));
    let loud = vec![0.5; 24_000];
    assert!((rig.play(&loud, &live())[23_999] - 0.25).abs() < 1e-3);
    fault.store(1, Relaxed);
    let output = rig.play(&loud, &live());
    assert!(output.iter().all(|x| x.is_finite()) && output[23_000..].iter().all(|&x| x == 0.0));
    fault.store(0, Relaxed);
    assert!(
        (rig.play(&loud, &live())[23_999] - 0.25).abs() < 1e-3,
        "it comes back by itself"
    );
    for (code, word) in [(2, "injected"), (3, "injected panic")] {
        fault.store(code, Relaxed);
        let output = rig.play(&loud, &live());
        assert!(output[23_000..].iter().all(|&x| x == 0.0));
        let VoiceState::Failed { why } = rig.status.voice.lock().clone() else {
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
        "one restart, then it stays failed until it has proved itself"
    );
}

#[test]
fn the_ratio_is_applied_where_it_was_set() {
    // The index holds one vector of constant 0.5: ratio 1 plays that constant
    // instead of the input, from the frame at which the ratio was switched.
    let vectors = Frames::from_data(PASS_THROUGH_DIM, vec![0.5; PASS_THROUGH_DIM]);
    let index = Arc::new(FlatIndex::new(vectors, Metric::L2));
    let voice = Voice {
        targets: vec![Target::new("constant", index)],
        pitch: Box::new(ConstantPitch(0.0)),
        ..pass_through_voice()
    };
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, voice);
    let latency = rig.geometry.latency_samples();
    let retrieved = BlockControls {
        voice: Controls {
            blend_ratio: 1.0,
            ..Controls::default()
        },
        ..live()
    };
    let silence = vec![0.0; 48_000];
    let mut output = rig.play(&silence, &live());
    output.extend(rig.play(&silence, &retrieved));
    // 20 ms frames whose middle lies after the switch play the constant.
    let switch = output.iter().position(|&x| x > 0.25).expect("it switches");
    let expected = 48_000 + latency;
    assert!(
        switch.abs_diff(expected) <= 480 + 120,
        "{switch}, expected {expected}"
    );
}

/// Events of a drawn ramp: (sample, ratio), every 37 samples.
fn ramp(len: usize) -> Vec<(usize, f32)> {
    (0..len)
        .step_by(37)
        .map(|at| (at, at as f32 / len as f32))
        .collect()
}

#[test]
fn a_frame_has_the_ratio_of_the_sample_in_its_middle() {
    for (rate_hz, hop) in [
        (48_000.0, Hop::Ms20),
        (44_100.0, Hop::Ms20),
        (96_000.0, Hop::Ms60),
    ] {
        let index = Arc::new(FlatIndex::new(
            Frames::from_data(PASS_THROUGH_DIM, vec![0.5; PASS_THROUGH_DIM]),
            Metric::L2,
        ));
        let voice = Voice {
            targets: vec![Target::new("constant", index)],
            ..pass_through_voice()
        };
        let events = ramp(rate_hz as usize);
        for block in [1, 64, 512] {
            let mut rig = Rig::with_voice(
                rate_hz,
                hop,
                Voice {
                    targets: voice.targets.clone(),
                    ..pass_through_voice()
                },
            );
            let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
            let sink = seen.clone();
            rig.worker
                .observe(Box::new(move |report, _| sink.lock().push(report.blend_ratio)));
            let mut at = 0;
            while at < rate_hz as usize {
                // A host's block, cut at every event as the wrappers do.
                let end = (at + block).min(rate_hz as usize);
                while at < end {
                    let now = events[at / 37].1;
                    let cut = end.min((at / 37 + 1) * 37);
                    let mut controls = live();
                    controls.voice.blend_ratio = now;
                    rig.audio.process(&mut [&mut vec![0.0; cut - at]], &controls);
                    at = cut;
                }
                while rig.worker.step() == NextStep::Again {}
            }
            let ratios = seen.lock().clone();
            assert!(ratios.len() * hop.ms() as usize > 900);
            for (n, &ratio) in ratios.iter().enumerate().skip(1) {
                // The newest frame of a hop is the one before its last 20 ms;
                // a frame's middle, in time: 7.5 ms less half a resampler's chunk.
                let frame = (n + 1) * hop.frames_50hz() - 2;
                let chunk_ms = f64::from(rig.geometry.resample_chunk_ms);
                let middle_s = frame as f64 * 0.02 + (7.5 - chunk_ms / 2.0) / 1000.0;
                // And what makes the latency whole at 88.2 kHz.
                let added = if rig.geometry.adds_half_sample() { 7 } else { 0 };
                let sample = (middle_s * rate_hz) as usize - added;
                let expected = (sample / 37 * 37) as f64 / rate_hz;
                assert!(
                    (f64::from(ratio) - expected).abs() < 1e-6,
                    "{rate_hz} {hop:?} blocks of {block}, frame {frame}: {ratio} {expected}"
                );
            }
        }
    }
}

#[test]
fn weights_of_takes_hold_for_the_voice_that_sounds_and_for_the_next() {
    // Two recordings of one constant each; silence is nearer to the quiet one.
    let voice = || {
        let quiet_then_loud = [0.25, 0.5].map(|level| vec![level; PASS_THROUGH_DIM]).concat();
        let vectors = Frames::from_data(PASS_THROUGH_DIM, quiet_then_loud);
        let sources = ["quiet.wav", "loud.wav"]
            .iter()
            .enumerate()
            .map(|(n, name)| crate::blend::Source {
                name: (*name).to_string(),
                ranges: std::iter::once(n..n + 1).collect(),
                in_time: true,
            })
            .collect();
        let index = Arc::new(FlatIndex::new(vectors, Metric::L2));
        Voice {
            targets: vec![Target::new("two takes", index).with_sources(sources)],
            ..pass_through_voice()
        }
    };
    let mut retrieved = live();
    retrieved.voice.blend_ratio = 1.0;
    retrieved.voice.search.k = 1;
    let mut rig = Rig::with_voice(48_000.0, Hop::Ms20, voice());
    let silence = vec![0.0; 24_000];
    let last = |rig: &mut Rig| rig.play(&silence, &retrieved)[23_999];
    assert!((last(&mut rig) - 0.25).abs() < 1e-3);
    let told: Vec<_> = rig.status.targets.lock().clone();
    assert_eq!(told[0].sources, ["quiet.wav", "loud.wav"]);
    let mute = [("two takes".to_string(), [("quiet.wav".to_string(), 0)].into())].into();
    rig.commands
        .send(WorkerCommand::WeighTakes(mute))
        .expect("the worker listens");
    assert!((last(&mut rig) - 0.5).abs() < 1e-3, "muted while it sounds");
    rig.swap(voice());
    assert!((last(&mut rig) - 0.5).abs() < 1e-3, "and after a swap");
    rig.commands
        .send(WorkerCommand::WeighTakes(Default::default()))
        .expect("the worker listens");
    assert!((last(&mut rig) - 0.25).abs() < 1e-3, "and back");
}
