//! The default voice in the engine: speech, pitch, silence, targets, streaming, and reproducibility.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, ensure};
use voxmeld_core::controls::Controls;
use voxmeld_core::frames::Frames;
use voxmeld_core::model::onnx::{ContentEncoder, RvcSynthesizer, SwiftF0};
use voxmeld_core::model::{Encoder, NOISE_CHANNELS, PitchTracker, SynthesisInput, Synthesizer};
use voxmeld_core::pack::find_pack;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{IndexRef, VoiceSelection};
use voxmeld_core::units::Semitones;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::hops::HopLog;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::{band_levels_db, correlation, energy, rms, spectrogram_db};

const RATE_HZ: u32 = 48_000;

fn speech(from_s: f64, to_s: f64) -> Result<Vec<f32>> {
    env::use_data()?;
    Ok(Sound::read(&env::sample_speech()?)?
        .part(from_s, to_s)
        .at_rate(RATE_HZ)?
        .samples)
}

/// The output of a newly loaded default voice without the latency, of the input's length.
fn convert(input: &[f32], voice: Controls) -> Result<Vec<f32>> {
    env::use_data()?;
    let mut rig = Rig::with_selection(offline_48k(), VoiceSelection::default(), None)?;
    let latency = rig.latency();
    let mut padded = input.to_vec();
    padded.resize(input.len() + latency, 0.0);
    let controls = BlockControls {
        voice,
        ..BlockControls::default()
    };
    let mut output = rig.play(&[padded], &Sizes::all(480), &[(0, controls)], Pace::Free);
    Ok(output.swap_remove(0).split_off(latency))
}

fn with_ratio(blend_ratio: f32) -> Controls {
    Controls {
        blend_ratio,
        ..Controls::default()
    }
}

/// Pitch track of a signal, 100 values a second, 0 = unvoiced.
fn pitch_of(signal: &[f32]) -> Result<Vec<f32>> {
    let pack = find_pack("default")?;
    let mut tracker = SwiftF0::open(&pack.dir.join(&pack.pitch.file))?;
    let sound = Sound {
        rate_hz: RATE_HZ,
        samples: signal.to_vec(),
    };
    let mut f0_hz = Vec::new();
    tracker.track(&sound.at_rate(16_000)?.samples, &mut f0_hz)?;
    Ok(f0_hz)
}

/// Median interval from `a` to `b` in cents where both are voiced, and the part of `a`'s
/// voiced frames in which `b` is voiced, too.
fn interval_cents(a: &[f32], b: &[f32]) -> Result<(f64, f64)> {
    let voiced = a.iter().filter(|&&f0| f0 > 0.0).count();
    let mut cents: Vec<f64> = a
        .iter()
        .zip(b)
        .filter(|(a, b)| **a > 0.0 && **b > 0.0)
        .map(|(a, b)| 1_200.0 * f64::from(b / a).log2())
        .collect();
    ensure!(!cents.is_empty(), "no frame is voiced in both signals");
    cents.sort_by(f64::total_cmp);
    Ok((cents[cents.len() / 2], cents.len() as f64 / voiced as f64))
}

/// Mean correlation, over the bands that are relevant for speech, of the band's level over time in input and output.
fn band_correlation(input: &[f32], output: &[f32]) -> f64 {
    let bands = |signal: &[f32]| {
        let frames = spectrogram_db(signal, 2_048, 480);
        band_levels_db(&frames, RATE_HZ, 20, 6_000.0)
    };
    let (input, output) = (bands(input), bands(output));
    let curve = |frames: &[Vec<f32>], band: usize| -> Vec<f32> {
        frames.iter().map(|frame| frame[band].max(-80.0)).collect()
    };
    (1..20)
        .map(|band| correlation(&curve(&input, band), &curve(&output, band)))
        .sum::<f64>()
        / 19.0
}

#[test]
fn converted_speech_follows_the_input_in_every_band_and_in_level() -> Result<()> {
    let input = speech(0.0, 8.0)?;
    for ratio in [0.0, 0.75, 1.0] {
        let output = convert(&input, with_ratio(ratio))?;
        assert!(output.iter().all(|x| x.is_finite()));
        let level_db = 20.0 * (rms(&output) / rms(&input)).log10();
        assert!(
            (-14.0..10.0).contains(&level_db),
            "ratio {ratio}: {level_db:.1} dB from the input"
        );
        let correlation = band_correlation(&input, &output);
        // With a shift of one second: what any two pieces of speech have in common.
        let shifted = band_correlation(&input[..input.len() - 48_000], &output[48_000..]);
        assert!(
            correlation > 0.5 && correlation > shifted + 0.3,
            "ratio {ratio}: correlation of bands {correlation:.2}, with a shift {shifted:.2}"
        );
    }
    Ok(())
}

#[test]
fn output_pitch_equals_input_plus_shift_within_40_cents() -> Result<()> {
    let input = speech(0.0, 6.0)?;
    let input_f0_hz = pitch_of(&input)?;
    for shift in [0.0_f32, -5.0, 7.0] {
        let controls = Controls {
            pitch_shift: Semitones(shift),
            ..Controls::default()
        };
        let (cents, voiced_part) = interval_cents(&input_f0_hz, &pitch_of(&convert(&input, controls)?)?)?;
        assert!(
            (cents - f64::from(shift) * 100.0).abs() < 40.0,
            "shift {shift}: the median is {cents:.0} cents from the input"
        );
        assert!(
            voiced_part > 0.6,
            "shift {shift}: only {:.0} % of the input's voiced frames are voiced",
            voiced_part * 100.0
        );
    }
    Ok(())
}

#[test]
fn silence_gives_output_below_minus_50_db() -> Result<()> {
    let output = convert(&vec![0.0; 96_000], Controls::default())?;
    let level_db = 20.0 * rms(&output[9_600..]).max(1e-9).log10();
    assert!(level_db < -50.0, "the level is {level_db:.1} dB");
    Ok(())
}

#[test]
fn speech_between_digital_silences_keeps_its_position() -> Result<()> {
    let (burst, gap) = (speech(0.0, 1.0)?, vec![0.0; 60_000]);
    let together: Vec<f32> = [&gap[..], &burst, &gap, &burst, &gap].concat();
    let output = convert(&together, Controls::default())?;
    let inside = |from: usize| energy(&output[from..from + burst.len()]);
    let (first, second) = (inside(gap.len()), inside(2 * gap.len() + burst.len()));
    assert!(
        first > 0.0 && (0.5..2.0).contains(&(second / first)),
        "the energies of the bursts are {first:.2} and {second:.2}"
    );
    let outside = energy(&output) - first - second;
    assert!(
        outside < 0.05 * (first + second),
        "energy {outside:.3} outside the bursts"
    );
    Ok(())
}

#[test]
fn two_offline_renders_are_equal_bit_for_bit() -> Result<()> {
    let input = speech(1.0, 5.0)?;
    let (a, b) = (
        convert(&input, Controls::default())?,
        convert(&input, Controls::default())?,
    );
    let first = a.iter().zip(&b).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(first, None, "the renders differ from this sample on");
    Ok(())
}

#[test]
fn ratio_0_and_1_differ_by_5_percent_of_the_energy() -> Result<()> {
    let input = speech(1.0, 4.0)?;
    let (live, retrieved) = (
        convert(&input, with_ratio(0.0))?,
        convert(&input, with_ratio(1.0))?,
    );
    let difference: Vec<f32> = live.iter().zip(&retrieved).map(|(a, b)| a - b).collect();
    let part = energy(&difference) / energy(&live);
    assert!(
        part > 0.05,
        "ratios 0 and 1 differ only by {part:.4} of the energy"
    );
    Ok(())
}

#[test]
fn each_target_of_the_pack_gives_different_output() -> Result<()> {
    env::use_data()?;
    let input = speech(1.0, 3.0)?;
    let pack = find_pack("default")?;
    ensure!(!pack.indices.is_empty(), "the pack has no target");
    let mut outputs: Vec<Vec<f32>> = Vec::new();
    for target in &pack.indices {
        let selection = VoiceSelection {
            index: Some(IndexRef::Pack(target.name.clone())),
            ..VoiceSelection::default()
        };
        let mut rig = Rig::with_selection(offline_48k(), selection, None)?;
        let controls = BlockControls {
            voice: with_ratio(1.0),
            ..BlockControls::default()
        };
        let mut output = rig.play(
            std::slice::from_ref(&input),
            &Sizes::all(480),
            &[(0, controls)],
            Pace::Free,
        );
        let output = output.pop().context("one channel")?;
        assert!(
            outputs.iter().all(|other| *other != output),
            "{} gives the output of another target",
            target.label
        );
        outputs.push(output);
    }
    Ok(())
}

#[test]
fn every_frame_has_neighbours_and_the_set_ratio() -> Result<()> {
    let input = speech(0.0, 4.0)?;
    let log = HopLog::default();
    let mut rig = Rig::with_selection(offline_48k(), VoiceSelection::default(), Some(log.observer()))?;
    rig.play_mono(&input, 480);
    let records = log.records();
    // The last hops may not be computed yet, because their output is not due.
    let hops = input.len() / 960;
    assert!(
        (hops - 3..=hops).contains(&records.len()),
        "{} records of {hops} hops",
        records.len()
    );
    for (hop, record) in records.iter().enumerate() {
        let distance = record
            .neighbour_distance
            .with_context(|| format!("hop {hop}: no neighbours"))?;
        assert!(distance.is_finite() && distance >= 0.0, "hop {hop}: {distance}");
        assert!(
            (record.blend_ratio - Controls::default().blend_ratio).abs() < 1e-6,
            "hop {hop}: blended at {}",
            record.blend_ratio
        );
    }
    Ok(())
}

#[test]
fn streamed_embeddings_equal_those_of_the_whole_recording() -> Result<()> {
    env::use_data()?;
    let low = Sound::read(&env::sample_speech()?)?
        .part(0.0, 4.0)
        .at_rate(16_000)?
        .samples;
    let total = (low.len() - 80) / 320;
    let pack = find_pack("default")?;
    let mut encoder = ContentEncoder::open(&pack.dir.join(&pack.encoder.file.file), None, false)?;
    ensure!(encoder.is_stateful(), "the default encoder is not stateful");
    let mut whole = Frames::new(encoder.dim());
    encoder.encode(&low[..total * 320 + 80], &mut whole)?;

    let mut piece = Frames::new(encoder.dim());
    // The second round has to start without the state of the first.
    for _ in 0..2 {
        let (mut at, mut worst) = (0, 0.0_f32);
        for new in [3, 1, 1, 2, 8, 4].into_iter().cycle() {
            // One frame more than is new, as look-ahead; the next piece begins with it.
            if at + new + 1 > total {
                break;
            }
            let audio = &low[at * 320..(at + new + 1) * 320 + 80];
            if at == 0 {
                encoder.encode(audio, &mut piece)?;
            } else {
                encoder.encode_streaming(audio, &mut piece)?;
            }
            for n in 0..new {
                let difference = piece
                    .row(n)
                    .iter()
                    .zip(whole.row(at + n))
                    .map(|(a, b)| (a - b).abs());
                worst = difference.fold(worst, f32::max);
            }
            at += new;
        }
        assert!(at > 150 && worst < 1e-4, "difference {worst} after {at} frames");
    }
    Ok(())
}

#[test]
fn streamed_synthesis_equals_one_call() -> Result<()> {
    env::use_data()?;
    let pack = find_pack("default")?;
    let mut synthesizer = RvcSynthesizer::open(&pack.dir.join(&pack.synthesizer.file.file))?;
    ensure!(
        synthesizer.is_stateful(),
        "the default synthesizer is not stateful"
    );
    let (dim, total) = (synthesizer.dim(), 400);
    // A pitch that glides, stops and starts again.
    let wave = |n: usize, step: f32| 0.1 * (n as f32 * step).sin();
    let embeddings = Frames::from_data(dim, (0..total * dim).map(|n| wave(n / 2, 0.37)).collect());
    let noise = Frames::from_data(
        NOISE_CHANNELS,
        (0..total * NOISE_CHANNELS).map(|n| 8.0 * wave(n, 1.9)).collect(),
    );
    let f0_hz: Vec<f32> = (0..total)
        .map(|n| {
            if n % 90 < 60 {
                140.0 + 300.0 * wave(n, 0.05)
            } else {
                0.0
            }
        })
        .collect();
    let part = |frames: &Frames, from: usize, count: usize| {
        let rows = frames.rows().skip(from).take(count);
        Frames::from_data(frames.dim(), rows.flatten().copied().collect())
    };
    let mut synthesize = |from: usize, count: usize, streaming: bool| -> Result<Vec<f32>> {
        let (embeddings, noise) = (part(&embeddings, from, count), part(&noise, from, count));
        let input = SynthesisInput {
            embeddings_100hz: &embeddings,
            f0_hz: &f0_hz[from..from + count],
            noise: &noise,
            skip_100hz: 0,
            ahead_100hz: 0,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz: i64::try_from(from)?,
        };
        let mut audio = Vec::new();
        if streaming {
            synthesizer.synthesize_streaming(input, &mut audio)?;
        } else {
            synthesizer.synthesize(input, &mut audio)?;
        }
        Ok(audio)
    };
    let whole = synthesize(0, total, false)?;
    ensure!(rms(&whole) > 1e-3, "the output is silent");
    // The second round has to start without the state of the first.
    for _ in 0..2 {
        let (mut at, mut pieces) = (0, Vec::new());
        for count in [2, 2, 4, 2, 16, 8].into_iter().cycle() {
            if at + count > total {
                break;
            }
            pieces.extend(synthesize(at, count, at > 0)?);
            at += count;
        }
        let worst = whole
            .iter()
            .zip(&pieces)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(at > 380 && worst < 1e-4, "difference {worst} after {at} frames");
    }
    Ok(())
}
