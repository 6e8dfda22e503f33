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
