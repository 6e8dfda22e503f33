//! The report of a soak test.

use super::driver::{BLOCK, RATE_HZ};
use super::output_analysis::OutputStats;
use serde::Serialize;
use std::fmt::Write as _;
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::Machine;

/// Measurements of the thread that drives all instances.
#[derive(Default, Serialize)]
pub struct Driver {
    /// Duration.
    pub seconds: f64,
    /// Swaps of the target voice.
    pub swaps: u32,
    /// Blocks for which all instances together took longer than real time.
    pub long_rounds: u32,
    /// Resident memory of the process after the first minute (or the first quarter).
    pub resident_mib_after_warm_up: f64,
    /// Resident memory at the end.
    pub resident_mib_at_end: f64,
}

/// One instance.
#[derive(Serialize)]
pub struct InstanceReport {
    latency_ms: f64,
    xruns: u64,
    xruns_per_hour: f64,
    missing_ms: f64,
    non_finite: u64,
    /// Longest and shortest delay of all windows; to be compared with those of offline renders.
    max_delay_ms: f64,
    min_delay_ms: f64,
    callback_p50_us: f64,
    callback_p99_us: f64,
    callback_p99_9_us: f64,
    callback_max_us: f64,
}

impl InstanceReport {
    pub fn new(latency: usize, mut callbacks_ns: Vec<u32>, stats: &OutputStats) -> Self {
        callbacks_ns.sort_unstable();
        let at = |part: f64| {
            let rank = (part * callbacks_ns.len() as f64).ceil() as usize;
            let time = callbacks_ns.get(rank.max(1).min(callbacks_ns.len()) - 1);
            time.map_or(0.0, |&ns| round(f64::from(ns) / 1e3, 1))
        };
        let hours = (callbacks_ns.len() * BLOCK) as f64 / f64::from(RATE_HZ) / 3600.0;
        let ms = |samples: f64| round(samples * 1e3 / f64::from(RATE_HZ), 1);
        Self {
            latency_ms: ms(latency as f64),
            xruns: stats.gaps,
            xruns_per_hour: round(stats.gaps as f64 / hours.max(1e-9), 1),
            missing_ms: ms(stats.gap_samples as f64),
            non_finite: stats.non_finite,
            max_delay_ms: stats.delays_ms.iter().copied().fold(0.0, f64::max),
            min_delay_ms: stats.delays_ms.iter().copied().fold(f64::MAX, f64::min).min(1e6),
            callback_p50_us: at(0.5),
            callback_p99_us: at(0.99),
            callback_p99_9_us: at(0.999),
            callback_max_us: at(1.0),
        }
    }
}

/// `report.json`.
#[derive(Serialize)]
pub struct Report {
    minutes: f64,
    background_load_share_of_a_core: f64,
    driver: Driver,
    memory_growth_mib: f64,
    /// Shortest and longest delay measured in offline renders, which are never late.
    render_delay_ms: (f64, f64),
    instances: Vec<InstanceReport>,
    machine: Machine,
}

impl Report {
    pub fn new(
        minutes: f64,
        background_load: f64,
        driver: Driver,
        render_delays_ms: &[f64],
        instances: Vec<InstanceReport>,
        machine: Machine,
    ) -> Self {
        Self {
            minutes,
            background_load_share_of_a_core: background_load,
            memory_growth_mib: round(driver.resident_mib_at_end - driver.resident_mib_after_warm_up, 1),
            driver,
            render_delay_ms: (
                render_delays_ms.iter().copied().fold(f64::MAX, f64::min).min(1e6),
                render_delays_ms.iter().copied().fold(0.0, f64::max),
            ),
            instances,
            machine,
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let machine = &self.machine;
        let _ = writeln!(
            text,
            "{}, {} cores, {}, load {:.1}",
            machine.cpu, machine.cores, machine.system, machine.load
        );
        let _ = writeln!(
            text,
            "{} min, {} instance(s), {} swaps, background load {:.0} % of a core",
            self.minutes,
            self.instances.len(),
            self.driver.swaps,
            self.background_load_share_of_a_core * 100.0
        );
        let _ = writeln!(
            text,
            "memory {:.1} MiB after warm-up, {:+.1} MiB at the end; blocks that took longer than real time: {}",
            self.driver.resident_mib_after_warm_up, self.memory_growth_mib, self.driver.long_rounds
        );
        let (min, max) = self.render_delay_ms;
        let _ = writeln!(
            text,
            "delay measured in offline renders, which are never late: {min} to {max} ms"
        );
        for (n, one) in self.instances.iter().enumerate() {
            let _ = writeln!(
                text,
                "instance {}: {} xruns ({} per hour, {} ms missing), delay {} to {} ms (reported {}), callback p50 {} p99 {} p99.9 {} max {} us",
                n + 1,
                one.xruns,
                one.xruns_per_hour,
                one.missing_ms,
                one.min_delay_ms,
                one.max_delay_ms,
                one.latency_ms,
                one.callback_p50_us,
                one.callback_p99_us,
                one.callback_p99_9_us,
                one.callback_max_us
            );
        }
        if let Some(warning) = machine.warning() {
            let _ = writeln!(text, "{warning}");
        }
        text
    }
}
