//! `report.json`.

use crate::driver::{BLOCK, RATE_HZ};
use crate::passes::{Comparison, ExactLatency, Live, Offline};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::hops::{Cost, round};
use voxmeld_tests::machine::Machine;
use voxmeld_tests::signal::{correlation, envelope};

/// What was measured; how, is in `how`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the voice.
    pub voice: String,
    /// What was played.
    pub clip: String,
    /// How long it lasts.
    pub clip_s: f64,
    /// The host's rate.
    pub sample_rate: u32,
    /// The host's block.
    pub block_samples: usize,
    /// The engine's step.
    pub hop_ms: u32,
    /// What the plugin tells its host.
    pub reported_latency_samples: usize,
    /// What a sweep takes.
    pub measured_latency_samples: f64,
    /// The reported latency in milliseconds.
    pub latency_ms: f64,
    /// Where the levels of input and converted voice fit best.
    pub envelope_latency_ms: f64,
    /// Interruptions in the real-time pass.
    pub xruns: usize,
    /// Samples that were late in it.
    pub missing_samples: usize,
    /// True if the real-time pass gave the very samples of an offline render.
    pub live_equals_offline: bool,
    /// Compute time over audio time, one thread, and its parts.
    #[serde(flatten)]
    pub cost: Cost,
    /// Processor time over audio time: what other programs took is not in it.
    pub cpu_rtf: f64,
    /// From activation to a warm voice.
    pub load_s: f64,
    /// Wall time of the real-time pass.
    pub real_time_pass_s: f64,
    /// What it ran on.
    pub machine: Machine,
    /// How the figures were got.
    pub how: BTreeMap<&'static str, &'static str>,
}

impl Report {
    /// Sums up all passes.
    pub fn new(
        file: &Path,
        speech: &Sound,
        exact: &ExactLatency,
        live: &Live,
        offline: &Offline,
        comparison: &Comparison,
    ) -> Self {
        Self {
            voice: offline.voice.clone(),
            clip: file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            clip_s: round(speech.seconds(), 2),
            sample_rate: RATE_HZ,
            block_samples: BLOCK,
            hop_ms: offline.hop_ms,
            reported_latency_samples: live.latency,
            measured_latency_samples: round(exact.measured, 2),
            latency_ms: round(live.latency as f64 * 1000.0 / f64::from(RATE_HZ), 2),
            envelope_latency_ms: envelope_latency_ms(&speech.samples, &live.output[0]),
            xruns: comparison.xruns,
            missing_samples: comparison.missing_samples,
            live_equals_offline: comparison.identical,
            cost: Cost::of(&offline.notes, offline.hop_ms),
            cpu_rtf: round(offline.cpu_rtf, 4),
            load_s: round(live.load_time.as_secs_f64(), 2),
            real_time_pass_s: round(live.wall_time.as_secs_f64(), 2),
            machine: Machine::this(),
            how: how(),
        }
    }
}

fn how() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        (
            "reported_latency_samples",
            "asked of the built .clap through CLAP's latency extension",
        ),
        (
            "measured_latency_samples",
            "exact: cross-correlation of a 200-6000 Hz sweep with itself after the engine, same set-up, with a voice that passes audio through",
        ),
        (
            "envelope_latency_ms",
            "rough: shift at which the 5 ms level curves of the input and of the plugin's converted voice correlate best; the voice's own onsets differ from the speaker's",
        ),
        (
            "xruns",
            "stretches of exact zeros in the real-time pass through the .clap where an offline pass through the same engine has a voice",
        ),
        (
            "rtf, rtf_by_stage, search_us_per_frame, hop_p*_ms",
            "time on the clock of every hop of the offline pass, one thread; other programs make it longer",
        ),
        (
            "cpu_rtf",
            "processor time of the offline pass over its audio time, host side included; other programs do not count",
        ),
    ])
}

/// Shift in 1 ms steps at which the level curves correlate best.
fn envelope_latency_ms(input: &[f32], output: &[f32]) -> f64 {
    let step = RATE_HZ as usize / 1000;
    let smooth = |signal: &[f32]| -> Vec<f32> {
        let fine = envelope(signal, step);
        fine.windows(5)
            .map(|five| five.iter().sum::<f32>() / 5.0)
            .collect()
    };
    let (input, output) = (smooth(input), smooth(output));
    let fit = |shift: usize| correlation(&input, output.get(shift..).unwrap_or_default());
    let best = (0..400).max_by(|&a, &b| fit(a).total_cmp(&fit(b))).unwrap_or(0);
    best as f64
}
