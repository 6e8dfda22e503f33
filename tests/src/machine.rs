//! The machine that figures were measured on, and resources of this process.

use serde::Serialize;

/// A short description of a machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name, as the system reports it.
    pub cpu: String,
    /// Cores available to this process.
    pub cores: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Load average of the last minute, this process included. If it is
    /// higher than the number of cores, the figures are unreliable.
    pub load: f64,
}

impl Machine {
    /// The machine that this process runs on.
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
    /// A note for the reader of figures if other programs use the cores:
    /// real-time performance cannot be judged then.
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

/// Processor time that this process has used, in seconds. Unlike wall time it
/// does not include time taken by other programs. 0 if it is not known.
#[must_use]
pub fn cpu_seconds() -> f64 {
    /// Linux counts in hundredths of a second.
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

/// Resident memory of this process in MiB. 0 if it is not known.
#[must_use]
pub fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

/// Memory of this process that is in RAM, in MiB, as the kernel counts it page by page. 0 if it is not known.
#[must_use]
pub fn counted_resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("Rss:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

/// Processor time, in seconds, of this process's threads of that name. 0 if it is not known.
#[must_use]
pub fn thread_cpu_seconds(thread_name: &str) -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    tasks
        .flatten()
        .filter(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == thread_name)
        })
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1e9
}

/// How often this process's threads of that name have gone to sleep (voluntary switches). 0 if it is not known.
#[must_use]
pub fn voluntary_switches(thread_name: &str) -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0;
    };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok())
        .filter(|text| {
            let mut lines = text.lines();
            lines.next().and_then(|line| line.strip_prefix("Name:\t")) == Some(thread_name)
        })
        .filter_map(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
                .trim()
                .parse::<u64>()
                .ok()
        })
        .sum()
}

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Open file descriptors of this process. 0 if it is not known.
#[must_use]
pub fn descriptors() -> usize {
    entries("/proc/self/fd")
}

/// Threads of this process. 0 if it is not known.
#[must_use]
pub fn threads() -> usize {
    entries("/proc/self/task")
}

/// Heap memory that is allocated and not freed, in MiB, by C and by Rust. Memory that the allocator keeps for
/// later allocations is not included.
#[must_use]
pub fn heap_mib() -> f64 {
    // SAFETY: takes no arguments and only reads counters.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64 / (1024.0 * 1024.0)
}
