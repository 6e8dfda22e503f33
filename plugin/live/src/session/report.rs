//! The session's status.

use super::live::Live;
use super::status::{LiveStatus, decibels};
use std::time::Duration;
use voxmeld_core::status::{EngineStatus, VoiceState};

/// Exact silence at the input after which that is said.
const SILENT_INPUT_S: f64 = 5.0;
/// How long it is said that the input was at full scale.
const CLIP_SHOWN: Duration = Duration::from_secs(3);

impl Live {
    /// From the microphone's converter to the output's.
    pub(super) fn latency_ms(&self) -> Option<f64> {
        let stream = self.stream.as_ref()?;
        let opened = stream.stream.opened();
        let or = |us: u32, otherwise_s: f64| match us {
            0 => otherwise_s,
            us => f64::from(us) * 1e-6,
        };
        let captured_s = or(self.shared.captured_us(), opened.shape.captured_s);
        let played_s = or(self.shared.output_delay_us(), opened.played_s);
        let engine_s = f64::from(stream.engine_latency) / opened.shape.rate_hz;
        Some((captured_s + engine_s + played_s) * 1e3)
    }

    /// What is the matter with the input, if anything.
    fn input_problem(&self, rate_hz: f64) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "compared with seconds")]
        let silent_s = self.shared.silent_input_samples() as f64 / rate_hz;
        if self.clips.1.is_some_and(|at| at.elapsed() < CLIP_SHOWN) {
            Some("the input clips: turn the microphone down".into())
        } else if silent_s > SILENT_INPUT_S {
            Some("the input is silent: is it the right one, and not muted?".into())
        } else {
            None
        }
    }

    /// A snapshot. Clears the peaks.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        let handle = self.engine.handle();
        let engine: EngineStatus = handle.status();
        let opened = self.stream.as_ref().map(|stream| stream.stream.opened());
        let peaks = handle.take_peaks();
        let (voice_state, voice_problem) = match &engine.voice {
            VoiceState::Ready { .. } => ("ready", None),
            VoiceState::Loading { .. } => ("loading", None),
            VoiceState::Failed { why } => ("failed", Some(why.clone())),
            VoiceState::NoVoice => ("none", None),
        };
        let device = match (&self.stream, self.retry_at) {
            (Some(_), _) => "open",
            (None, Some(_)) => "lost",
            (None, None) => "closed",
        };
        LiveStatus {
            device: device.into(),
            device_problem: self.problem.clone(),
            backend: self.backend.name().into(),
            input: opened.map(|opened| opened.input.clone()),
            output: opened.map(|opened| opened.output.clone()),
            monitor: opened.and_then(|opened| opened.monitor.clone()),
            rate_hz: opened.map(|opened| whole(opened.shape.rate_hz)),
            input_rate_hz: opened.map(|opened| whole(opened.input_rate_hz)),
            block_frames: self
                .stream
                .as_ref()
                .and_then(|stream| u32::try_from(stream.timing.block_frames).ok()),
            latency_ms: self.latency_ms(),
            voice_state: voice_state.into(),
            voice: self.voice_label.clone(),
            voice_problem: voice_problem.or(engine.message),
            muted: self.shared.muted(),
            silent: opened.is_none() || voice_state != "ready" || (self.muted() && self.shared.is_silent()),
            xruns: self.xruns_before + engine.xruns,
            device_xruns: self.shared.device_xruns(),
            clock_gaps: self.shared.clock_gaps(),
            clock_drift_ppm: self.shared.input_drift_ppm(),
            real_time_factor: engine.real_time_factor,
            quality: engine.quality.label().into(),
            input_peak_db: decibels(peaks.0),
            output_peak_db: if self.muted() {
                decibels(0.0)
            } else {
                decibels(peaks.1)
            },
            input_problem: opened.and_then(|opened| self.input_problem(opened.shape.rate_hz)),
            priority: engine.priority,
            parameters: self
                .params
                .texts()
                .into_iter()
                .map(|param| (param.id, param.value))
                .collect(),
        }
    }
}

fn whole(rate_hz: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, rates are positive"
    )]
    let rate = rate_hz.round() as u32;
    rate
}
