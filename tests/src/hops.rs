//! The engine's reports about every hop, collected, and their statistics.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use voxmeld_core::worker::{HopObserver, StageTimes};

/// The report about one hop.
#[derive(Clone, Copy, Debug)]
pub struct HopRecord {
    /// Time in each stage.
    pub times: StageTimes,
    /// Time from receiving the hop to sending its output.
    pub spent: Duration,
    /// New embedding frames.
    pub new_frames: usize,
    /// Blend ratio of the newest frame.
    pub blend_ratio: f32,
    /// Distance of the newest frame to its nearest neighbour.
    pub neighbour_distance: Option<f32>,
}

/// Collects records on the worker's thread.
#[derive(Clone, Default)]
pub struct HopLog(Arc<Mutex<Vec<HopRecord>>>);

impl HopLog {
    /// The observer for the engine.
    #[must_use]
    pub fn observer(&self) -> HopObserver {
        let records = self.0.clone();
        Box::new(move |report, spent| {
            records
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(HopRecord {
                    times: report.times,
                    spent,
                    new_frames: report.new_frames,
                    blend_ratio: report.blend_ratio,
                    neighbour_distance: report.neighbour_distance,
                });
        })
    }

    /// All hops so far.
    #[must_use]
    pub fn records(&self) -> Vec<HopRecord> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Compute time over audio time.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// The whole chain.
    pub rtf: f64,
    /// The stages of the chain; their sum is slightly less than `rtf`.
    pub rtf_by_stage: BTreeMap<&'static str, f64>,
    /// Neighbour search per embedding frame of 20 ms, in microseconds.
    pub search_us_per_frame: f64,
    /// Time of a hop: median.
    pub hop_p50_ms: f64,
    /// 95th percentile.
    pub hop_p95_ms: f64,
    /// 99th percentile.
    pub hop_p99_ms: f64,
}

impl Cost {
    /// Statistics of hops of `hop_ms`.
    #[must_use]
    pub fn of(records: &[HopRecord], hop_ms: u32) -> Self {
        let audio_s = records.len().max(1) as f64 * f64::from(hop_ms) / 1000.0;
        let mut stages = BTreeMap::new();
        let (mut spent, mut search, mut frames) = (Duration::ZERO, Duration::ZERO, 0);
        for record in records {
            spent += record.spent;
            search += record.times.search;
            frames += record.new_frames;
            for (name, time) in record.times.named() {
                *stages.entry(name).or_insert(0.0) += time.as_secs_f64() / audio_s;
            }
        }
        let mut sorted: Vec<Duration> = records.iter().map(|record| record.spent).collect();
        sorted.sort();
        let percentile = |part: f64| {
            let rank = (part * sorted.len() as f64).ceil() as usize;
            let time = sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1)));
            time.map_or(0.0, |time| round(time.as_secs_f64() * 1e3, 3))
        };
        Self {
            rtf: round(spent.as_secs_f64() / audio_s, 4),
            rtf_by_stage: stages
                .into_iter()
                .map(|(name, rtf)| (name, round(rtf, 4)))
                .collect(),
            search_us_per_frame: round(search.as_secs_f64() * 1e6 / frames.max(1) as f64, 1),
            hop_p50_ms: percentile(0.50),
            hop_p95_ms: percentile(0.95),
            hop_p99_ms: percentile(0.99),
        }
    }
}

/// Rounds to a number of decimal digits.
#[must_use]
pub fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
