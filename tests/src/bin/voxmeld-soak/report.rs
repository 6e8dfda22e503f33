//! What a soak leaves.

use super::driver::{BLOCK, RATE_HZ};
use super::listener::Heard;
use serde::Serialize;
use std::fmt::Write as _;
use voxmeld_tests::hops::round;
use voxmeld_tests::machine::Machine;

/// What the driving thread saw.
#[derive(Default, Serialize)]
pub struct Driver {
    /// By the clock.
    pub seconds: f64,
    /// Swaps of the target voice.
    pub swaps: u32,
    /// Rounds of all instances that took longer than a block.
    pub long_rounds: u32,
    /// Memory of the whole program after the first minute (or quarter).
    pub resident_mib_after_warm_up: f64,
    /// At the end.
    pub resident_mib_at_end: f64,
}

/// One instance.
#[derive(Serialize)]
pub struct InstanceReport {
    latency_ms: f64,
    xruns: u64,
    xruns_per_hour: f64,
    missing_ms: f64,
    not_numbers: u64,
    /// Oldest and youngest sound of all windows; to be held against those of a render.
    worst_age_ms: f64,
    least_age_ms: f64,
    callback_p50_us: f64,
    callback_p99_us: f64,
    callback_p99_9_us: f64,
    callback_worst_us: f64,
}

impl InstanceReport {
    pub fn new(latency: usize, mut callbacks_ns: Vec<u32>, heard: &Heard) -> Self {
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
            xruns: heard.gaps,
            xruns_per_hour: round(heard.gaps as f64 / hours.max(1e-9), 1),
            missing_ms: ms(heard.gap_samples as f64),
            not_numbers: heard.not_numbers,
            worst_age_ms: heard.ages_ms.iter().copied().fold(0.0, f64::max),
            least_age_ms: heard.ages_ms.iter().copied().fold(f64::MAX, f64::min).min(1e6),
            callback_p50_us: at(0.5),
            callback_p99_us: at(0.99),
            callback_p99_9_us: at(0.999),
            callback_worst_us: at(1.0),
        }
    }
}

/// `report.json`.
#[derive(Serialize)]
pub struct Report {
    minutes: f64,
    competing_share_of_a_core: f64,
    driver: Driver,
    memory_growth_mib: f64,
    /// What the measure of age says of renders, where nothing can be late:
    /// least and worst of two windows for each voice.
    render_age_ms: (f64, f64),
    instances: Vec<InstanceReport>,
    machine: Machine,
}

impl Report {
    pub fn new(
        minutes: f64,
        competing: f64,
        driver: Driver,
        render_ages_ms: &[f64],
        instances: Vec<InstanceReport>,
        machine: Machine,
    ) -> Self {
        Self {
            minutes,
            competing_share_of_a_core: competing,
            memory_growth_mib: round(driver.resident_mib_at_end - driver.resident_mib_after_warm_up, 1),
            driver,
            render_age_ms: (
                render_ages_ms.iter().copied().fold(f64::MAX, f64::min).min(1e6),
                render_ages_ms.iter().copied().fold(0.0, f64::max),
            ),
            instances,
            machine,
        }
    }

    /// For people.
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
            "{} min, {} instance(s), {} swaps, competing work on {:.0} % of a core",
            self.minutes,
            self.instances.len(),
            self.driver.swaps,
            self.competing_share_of_a_core * 100.0
        );
        let _ = writeln!(
            text,
            "memory {:.1} MiB after warm-up, {:+.1} MiB at the end; rounds longer than a block: {}",
            self.driver.resident_mib_after_warm_up, self.memory_growth_mib, self.driver.long_rounds
        );
        let (least, worst) = self.render_age_ms;
        let _ = writeln!(
            text,
            "age as measured in renders, where nothing is late: {least} to {worst} ms"
        );
        for (n, one) in self.instances.iter().enumerate() {
            let _ = writeln!(
                text,
                "instance {}: {} xruns ({} an hour, {} ms missing), age {} to {} ms (reported {}), callback p50 {} p99 {} p99.9 {} worst {} us",
                n + 1,
                one.xruns,
                one.xruns_per_hour,
                one.missing_ms,
                one.least_age_ms,
                one.worst_age_ms,
                one.latency_ms,
                one.callback_p50_us,
                one.callback_p99_us,
                one.callback_p99_9_us,
                one.callback_worst_us
            );
        }
        if let Some(warning) = machine.warning() {
            let _ = writeln!(text, "{warning}");
        }
        text
    }
}
