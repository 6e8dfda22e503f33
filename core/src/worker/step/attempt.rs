//! Runs one hop and catches its failures; cross-fades the hops of two voices.

use super::streaming::Streaming;
use crate::geometry::Geometry;
use crate::panics::caught;
use crate::retrieval::deadline::LIVE_BUDGET;
use crate::worker::pipeline::Chain;
use crate::worker::report::{HopError, HopReport};

/// How a hop failed.
pub(super) enum Failure {
    /// This hop only.
    Hop(String),
    /// The voice as a whole.
    Voice(String),
}

/// What a panic interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// Something else than the two below.
    Turn,
    /// A hop: it is silent.
    Hop,
    /// The arrival of a voice: it is refused.
    Swap,
}

/// Runs a hop; errors and panics become a [`Failure`].
pub(super) fn run_hop(
    chain: &mut Chain,
    streaming: &mut Streaming,
    incoming: bool,
) -> Result<HopReport, Failure> {
    let output = if incoming {
        &mut streaming.incoming_host
    } else {
        &mut streaming.output_host
    };
    let result = caught(|| {
        // No time limit offline: renders must be reproducible.
        chain.set_search_budget((!streaming.server.offline()).then_some(LIVE_BUDGET));
        chain.hop(&streaming.input, &streaming.track, output)
    });
    match result {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error @ HopError::NonFinite)) => Err(Failure::Hop(error.to_string())),
        Ok(Err(error)) => Err(Failure::Voice(format!("{}: {error}", chain.name()))),
        Err(why) => Err(Failure::Voice(format!("{} stopped: {why}", chain.name()))),
    }
}

/// Cross-fades from the old voice's hop to the new one's over 15 ms, after the 5 ms
/// in which the new one's resampler fills.
pub(super) fn cross_fade(geometry: &Geometry, old: &mut [f32], new: &[f32]) {
    let start = geometry.tick_host / 2;
    let len = geometry.tick_host + geometry.tick_host / 2;
    for (n, (old, &new)) in old.iter_mut().zip(new).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
        let gain = (n.saturating_sub(start) as f32 / len as f32).min(1.0);
        *old += (new - *old) * gain;
    }
}
