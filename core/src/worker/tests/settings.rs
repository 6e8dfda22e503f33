//! When settings take effect.

use super::{NextStep, Rig, WorkerCommand, live, tone};
use crate::blend::Target;
use crate::controls::Controls;
use crate::frames::Frames;
use crate::geometry::Hop;
use crate::model::Voice;
use crate::model::fake::{ConstantPitch, PASS_THROUGH_DIM, pass_through_voice};
use crate::retrieval::{FlatIndex, Metric};
use crate::rt::BlockControls;
use std::sync::Arc;

#[test]
fn a_ratio_step_is_heard_one_latency_later() {
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
    // Quieter than the constant.
    let input = tone(0.2, 48_000);
    let mut output = rig.play(&input, &live());
    output.extend(rig.play(&input, &retrieved));
    // 20 ms frames whose middle is after the switch play the constant.
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
fn a_ramp_gives_each_frame_the_ratio_at_its_middle_sample() {
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
                // Plus the delay that makes the latency a whole number of samples at 88.2 kHz.
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
fn take_weights_apply_to_the_current_voice_and_after_a_swap() {
    // Two recordings, each of one constant; a soft tone is nearer to the quiet one.
    let voice = || {
        let quiet_then_loud = [0.25, 0.5].map(|level| vec![level; PASS_THROUGH_DIM]).concat();
        let vectors = Frames::from_data(PASS_THROUGH_DIM, quiet_then_loud);
        let sources = ["quiet.wav", "loud.wav"]
            .iter()
            .enumerate()
            .map(|(n, name)| crate::blend::Source {
                name: (*name).to_string(),
                ranges: std::iter::once(n..n + 1).collect(),
                in_time_order: true,
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
    let input = tone(0.2, 24_000);
    let last = |rig: &mut Rig| rig.play(&input, &retrieved)[23_999];
    assert!((last(&mut rig) - 0.25).abs() < 1e-3);
    let targets: Vec<_> = rig.status.targets.lock().clone();
    assert_eq!(targets[0].sources, ["quiet.wav", "loud.wav"]);
    let mute = [("two takes".to_string(), [("quiet.wav".to_string(), 0)].into())].into();
    rig.commands
        .send(WorkerCommand::SetTakeWeights(mute))
        .expect("the worker is there");
    assert!((last(&mut rig) - 0.5).abs() < 1e-3, "muted while it sounds");
    rig.swap(voice());
    assert!((last(&mut rig) - 0.5).abs() < 1e-3, "and after a swap");
    rig.commands
        .send(WorkerCommand::SetTakeWeights(Default::default()))
        .expect("the worker is there");
    assert!((last(&mut rig) - 0.25).abs() < 1e-3, "and back");
}
