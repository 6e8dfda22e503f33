//! What figures were measured on: a figure without its machine says nothing.

use serde::Serialize;

/// The machine in a few words.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor, as the system names it.
    pub cpu: String,
    /// Cores that this program may use.
    pub cores: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Programs that wanted to run in the last minute, this one included;
    /// more than there are cores means that the figures suffered.
    pub load: f64,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let cpu = std::fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|line| line.starts_with("model name"))?;
                Some(line.split_once(':')?.1.trim().to_string())
            })
            .unwrap_or_else(|| "unknown".to_string());
        Self {
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            load: std::fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| text.split(' ').next()?.parse().ok())
                .unwrap_or(0.0),
        }
    }
}

impl Machine {
    /// A sentence for the reader of figures, where other programs keep the
    /// cores busy: real time cannot be judged then.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        (self.load > self.cores as f64 * 0.75).then(|| {
            format!(
                "note: this machine is busy (load {:.1} on {} cores); times are longer than they would be",
                self.load, self.cores
            )
        })
    }
}

/// Processor time that this program has used so far, in seconds: unlike the
/// clock it does not count what other programs took. 0 where it is not known.
#[must_use]
pub fn cpu_seconds() -> f64 {
    /// Linux counts it in hundredths.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are the 12th
    // and 13th field after it.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}

/// Memory of this program that is in use, in MiB. 0 where it is not known.
#[must_use]
pub fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Files, sockets and the like that this program has open. 0 where it is not known.
#[must_use]
pub fn descriptors() -> usize {
    entries("/proc/self/fd")
}

/// Threads of this program. 0 where it is not known.
#[must_use]
pub fn threads() -> usize {
    entries("/proc/self/task")
}

/// Memory that was asked for and not given back, in MiB: what C and Rust hold on
/// the heap, without what the allocator keeps for later.
#[must_use]
pub fn heap_mib() -> f64 {
    // SAFETY: no arguments; it only counts.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64 / (1024.0 * 1024.0)
}
