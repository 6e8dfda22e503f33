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

/// The measurements; `how` describes how they were made.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the voice.
    pub voice: String,
    /// File name of the speech.
    pub clip: String,
    /// Duration of the speech.
    pub clip_s: f64,
    /// Sample rate in Hz.
    pub sample_rate: u32,
    /// Block size.
    pub block_samples: usize,
    /// The engine's hop.
    pub hop_ms: u32,
    /// Latency that the plugin reports.
    pub reported_latency_samples: usize,
    /// Latency measured with a sweep.
    pub measured_latency_samples: f64,
    /// The reported latency in milliseconds.
    pub latency_ms: f64,
    /// Shift at which the levels of input and output correlate best.
    pub envelope_latency_ms: f64,
    /// Gaps in the real-time pass.
    pub xruns: usize,
    /// Samples in these gaps.
    pub missing_samples: usize,
    /// True if the real-time pass equals the offline render bit for bit.
    pub live_equals_offline: bool,
    /// Computing time over audio time on one thread, and its parts.
    #[serde(flatten)]
    pub cost: Cost,
    /// Processor time over audio time; does not include other programs.
    pub cpu_rtf: f64,
    /// Time from activation until the voice is loaded.
    pub load_s: f64,
    /// Wall time of the real-time pass.
    pub real_time_pass_s: f64,
    /// The machine.
    pub machine: Machine,
    /// How the figures were measured.
    pub how: BTreeMap<&'static str, &'static str>,
}

impl Report {
    /// The report about all passes.
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
            cost: Cost::of(&offline.records, offline.hop_ms),
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
            "reported by the built .clap through CLAP's latency extension",
        ),
        (
            "measured_latency_samples",
            "exact: cross-correlation of a 200-6000 Hz sweep with the output of the engine, same set-up, with a pass-through voice",
        ),
        (
            "envelope_latency_ms",
            "approximate: shift at which the 5 ms level curves of input and output correlate best; the onsets of the converted voice differ from the speaker's",
        ),
        (
            "xruns",
            "runs of exact zeros in the real-time pass through the .clap where the offline pass through the same engine has sound",
        ),
        (
            "rtf, rtf_by_stage, search_us_per_frame, hop_p*_ms",
            "wall time of every hop of the offline pass, one thread; other programs increase it",
        ),
        (
            "cpu_rtf",
            "processor time of the offline pass over its audio time, including the host; other programs are not included",
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
