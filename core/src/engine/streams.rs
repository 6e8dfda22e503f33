//! Starts a stream: at an activation, and later without a restart by the host.

use super::handle::EngineHandle;
use super::shared::Shared;
use super::{StreamSetup, rounded};
use crate::geometry::{Geometry, GeometryError};
use crate::rt::AudioSide;
use crate::stream::stream_link;
use crate::worker::WorkerCommand;
use std::sync::atomic::Ordering::Relaxed;

/// Why a stream was not restarted; the running one continues.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// There is no stream.
    #[error("the engine is not active")]
    Inactive,
    /// The set-up is not supported.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The host would have to be informed of another latency.
    #[error(
        "a hop of {hop_ms} ms{with} needs a latency of {needed_ms:.0} ms, and this host counts on {known_ms:.0} ms and does not ask again: remove the plugin from its track and insert it again, or re-open the session"
    )]
    DoesNotFit {
        /// The requested hop.
        hop_ms: u32,
        /// Other settings that add latency.
        with: &'static str,
        /// The latency that they need.
        needed_ms: f64,
        /// The latency that was reported to the host.
        known_ms: f64,
    },
}

impl Shared {
    /// Creates a stream; the worker serves it instead of the previous one.
    pub fn start_stream(&self, setup: &StreamSetup, geometry: Geometry) -> AudioSide {
        let mut stream = self.stream.lock();
        let status = &self.status;
        let (client, server) = stream_link(&geometry);
        *stream = Some(server.shared().clone());
        status.host_rate_hz.store(rounded(setup.host_rate_hz), Relaxed);
        status.hop_ms.store(setup.hop.ms(), Relaxed);
        let meters = self.meters.lock().clone();
        let mut audio = AudioSide::new(
            Some((client, &geometry)),
            setup.host_rate_hz,
            setup.channels,
            meters,
        );
        audio.set_offline(setup.offline);
        status.latency_samples.store(audio.latency_samples(), Relaxed);
        tracing::info!(
            "activated: {} Hz, {} channels, hop {} ms, blocks of up to {}, latency {} samples, {}",
            setup.host_rate_hz,
            setup.channels,
            setup.hop.ms(),
            setup.max_block,
            audio.latency_samples(),
            if setup.offline { "offline" } else { "live" },
        );
        let _ = self.worker.send(WorkerCommand::Start(Box::new(server), geometry));
        audio
    }
}

impl EngineHandle {
    /// Restarts the running stream with another set-up, at the latency of `latency_samples` that the host knows:
    /// for hosts that do not restart the plugin on request. The returned audio side takes the place
    /// of the one in use ([`AudioSide::continue_from`]). Any thread except the audio thread.
    ///
    /// # Errors
    /// See [`RestartError`].
    pub fn restart_within(
        &self,
        setup: &StreamSetup,
        latency_samples: u32,
    ) -> Result<AudioSide, RestartError> {
        let geometry = Geometry::new(setup.host_rate_hz, setup.hop, setup.max_block)?
            .with_noise_suppression(setup.suppress_noise)
            .with_voice_delay_us(self.shared.control.voice_delay_us.load(Relaxed));
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let ms = |samples: usize| samples as f64 * 1000.0 / setup.host_rate_hz;
        let known = usize::try_from(latency_samples).unwrap_or(usize::MAX);
        let Some(padded) = geometry.clone().padded_to(known) else {
            return Err(RestartError::DoesNotFit {
                hop_ms: setup.hop.ms(),
                with: match (setup.suppress_noise, geometry.voice_delay_ms > 0) {
                    (true, true) => " with noise suppression and this voice",
                    (true, false) => " with noise suppression",
                    (false, true) => " with this voice",
                    (false, false) => "",
                },
                needed_ms: ms(geometry.latency_samples()),
                known_ms: ms(known),
            });
        };
        // An activation or deactivation at the same time happens entirely before or entirely after this.
        let _starting = self.shared.starting.lock();
        if self.shared.stream.lock().is_none() {
            return Err(RestartError::Inactive);
        }
        Ok(self.shared.start_stream(setup, padded))
    }
}
