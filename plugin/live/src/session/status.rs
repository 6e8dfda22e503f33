//! A session's status for terminals, sockets and scripts.

use serde::{Deserialize, Serialize};

/// All that is shown; the field names are those of `status --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveStatus {
    /// `open`, `lost` (tried again every second) or `closed`.
    pub device: String,
    /// Why it is not open.
    pub device_problem: Option<String>,
    /// Backend.
    pub backend: String,
    /// The microphone.
    pub input: Option<String>,
    /// The output.
    pub output: Option<String>,
    /// The second output.
    pub monitor: Option<String>,
    /// Rate of output and engine.
    pub rate_hz: Option<u32>,
    /// Rate of the input.
    pub input_rate_hz: Option<u32>,
    /// Frames of a block.
    pub block_frames: Option<u32>,
    /// From the microphone's converter to the output's, without the converters themselves.
    pub latency_ms: Option<f64>,
    /// `ready`, `loading`, `failed` or `none`.
    pub voice_state: String,
    /// Its name, where it has one.
    pub voice: Option<String>,
    /// Why there is none.
    pub voice_problem: Option<String>,
    /// The switch.
    pub muted: bool,
    /// Nothing is audible: muted and empty, no voice, or no device.
    pub silent: bool,
    /// Hops that came late.
    pub xruns: u64,
    /// Blocks that the device got or gave too late.
    pub device_xruns: u64,
    /// Gaps between the clocks of the devices.
    pub clock_gaps: u64,
    /// By how much the input's clock is faster than the output's.
    pub clock_drift_ppm: f32,
    /// Compute time over audio time.
    pub real_time_factor: f32,
    /// What was reduced because time is short.
    pub quality: String,
    /// Peak of the input since the last status, in decibels of full scale.
    pub input_peak_db: f32,
    /// Of the output.
    pub output_peak_db: f32,
    /// Remark on the input: silent, clipped.
    pub input_problem: Option<String>,
    /// Real-time priority of the worker.
    pub priority: String,
    /// Parameters by id, as shown.
    pub parameters: std::collections::BTreeMap<String, String>,
}

impl LiveStatus {
    /// One line for a terminal.
    #[must_use]
    pub fn line(&self) -> String {
        let mut parts = Vec::new();
        match (&self.device_problem, self.latency_ms) {
            (Some(_), _) => parts.push("no device: silent".to_owned()),
            (None, Some(ms)) => parts.push(format!("{ms:.1} ms")),
            (None, None) => {}
        }
        parts.push(if self.muted {
            "MUTED".to_owned()
        } else {
            match self.voice_state.as_str() {
                "ready" => self.voice.clone().unwrap_or_else(|| "own voice files".into()),
                "loading" => "loading, silent".into(),
                "failed" => "voice failed, silent".into(),
                _ => "no voice, silent".into(),
            }
        });
        if let Some(ratio) = self.parameters.get("blend_ratio") {
            parts.push(format!("ratio {ratio}"));
        }
        parts.push(format!(
            "in {:.0} dB, out {:.0} dB",
            self.input_peak_db, self.output_peak_db
        ));
        parts.push(format!("load {:.2}", self.real_time_factor));
        parts.push(format!(
            "xruns {}",
            self.xruns + self.device_xruns + self.clock_gaps
        ));
        parts.extend(self.input_problem.clone());
        parts.join(" | ")
    }
}

/// Decibels of a peak; at least -99.
pub(super) fn decibels(peak: f32) -> f32 {
    (20.0 * peak.max(1e-5).log10()).max(-99.0)
}
