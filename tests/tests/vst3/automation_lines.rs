//! The built VST3 plugin in a host that follows the standard (`voxmeld_tests::vst3`): automation
//! curves are lines between points, the applied ratio is published at its output sample, and
//! the side chain may be mono or stereo.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a second of audio"
)]

use anyhow::{Result, ensure};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::vst3::{Point, Vst3Instance};

const STEREO: u64 = 0b11;
const MONO: u64 = 1 << 19;
const MAX_BLOCK: usize = 4_096;
/// Length of an embedding frame in samples at 48 kHz, and the position in it at which controls are read.
const FRAME: u64 = 960;
const MIDDLE: u64 = 240;

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.1, 1.1)
        .at_rate(48_000)?;
    Ok(sound.samples)
}

/// The drawn curve (sample, value): slopes, a constant part, and a jump from one sample to the next.
const CORNERS: [(usize, f64); 7] = [
    (0, 0.1),
    (7_001, 0.9),
    (7_002, 0.3),
    (20_011, 0.8),
    (33_333, 0.8),
    (35_000, 0.05),
    (47_999, 1.0),
];

/// The value of the drawn curve.
fn curve(at: f64) -> f64 {
    let after = CORNERS
        .iter()
        .position(|corner| corner.0 as f64 >= at)
        .unwrap_or(6);
    let (x2, y2) = CORNERS[after];
    let (x1, y1) = CORNERS[after.saturating_sub(1)];
    if x1 == x2 {
        return y2;
    }
    y1 + (y2 - y1) * (at - x1 as f64) / (x2 as f64 - x1 as f64)
}

/// The points that the standard requires in a block: its corners, and its last sample if the
/// line continues in the next block; none where the curve is constant.
fn points(start: usize, end: usize) -> Vec<Point> {
    let mut points: Vec<Point> = CORNERS
        .iter()
        .filter(|corner| (start..end).contains(&corner.0))
        .map(|&(at, value)| ((at - start) as i32, value))
        .collect();
    let last = (end - 1) as f64;
    let continues = (curve(last + 1.0) - curve(last)).abs() > 0.0 && last < 47_999.0;
    if continues
        && points
            .last()
            .is_none_or(|point| point.0 as usize != end - 1 - start)
    {
        points.push(((end - 1 - start) as i32, curve(last)));
    }
    points
}

#[test]
fn automation_line_is_applied_as_drawn_and_reported_at_its_output_sample() -> Result<()> {
    let input = speech()?;
    for block in [64, 333, 480, 4_096] {
        let mut plugin = Vst3Instance::load(MAX_BLOCK, STEREO, STEREO)?;
        for start in (0..input.len()).step_by(block) {
            let end = (start + block).min(input.len());
            let mut track = vec![input[start..end].to_vec(); 2];
            let mut side = vec![vec![0.0; end - start]; 2];
            let drawn = points(start, end);
            let automation: Vec<_> = [("Blend ratio", drawn)]
                .into_iter()
                .filter(|(_, points)| !points.is_empty())
                .collect();
            plugin.process(&mut track, &mut side, &automation)?;
        }
        let ratios = plugin.published("Ratio applied")?;
        let latency = plugin.latency();
        let frames = (input.len() as u64 - latency - MIDDLE).div_ceil(FRAME);
        ensure!(
            ratios.len() as u64 == frames,
            "{block}: {} of {frames} frames",
            ratios.len()
        );
        for (n, (at, ratio)) in (0..).zip(ratios) {
            let middle = FRAME * n + MIDDLE;
            ensure!(at == middle + latency, "{block}: frame {n} published at {at}");
            let expected = curve(middle as f64);
            ensure!(
                (ratio - expected).abs() < 1e-6,
                "{block}, frame {n}: {ratio}, drawn {expected}"
            );
        }
        let confidence = plugin.published("Confidence")?;
        ensure!(confidence.len() as u64 == frames);
        ensure!(
            confidence.iter().any(|value| value.1 > 0.05),
            "all confidences are 0"
        );
        for title in ["Ratio applied", "Confidence"] {
            ensure!(plugin.is_read_only(title)?, "{title}");
        }
    }
    Ok(())
}

/// The level of the louder channel is used, with any track.
#[test]
fn mono_or_stereo_side_chain_drives_the_ratio_of_any_track() -> Result<()> {
    let input = speech()?;
    for track in [STEREO, MONO] {
        for (side, levels) in [(STEREO, vec![0.1, -0.5]), (MONO, vec![0.5])] {
            let mut plugin = Vst3Instance::load(480, track, side)?;
            for start in (0..input.len()).step_by(480) {
                let end = (start + 480).min(input.len());
                let mut channels = vec![input[start..end].to_vec(); track.count_ones() as usize];
                let mut side_chain: Vec<Vec<f32>> =
                    levels.iter().map(|&level| vec![level; end - start]).collect();
                let set = [
                    ("Blend ratio", vec![(0, 0.75)]),
                    // A depth of -100 %.
                    ("Side to ratio", vec![(0, 0.0)]),
                    ("Side attack", vec![(0, 0.0)]),
                ];
                plugin.process(&mut channels, &mut side_chain, &set)?;
            }
            let ratios = plugin.published("Ratio applied")?;
            ensure!(ratios.len() > 30, "{} frames", ratios.len());
            for (at, ratio) in ratios {
                ensure!(
                    (ratio - 0.25).abs() < 1e-6,
                    "track {track}, side chain {side}: {ratio} at {at}"
                );
            }
        }
    }
    Ok(())
}
