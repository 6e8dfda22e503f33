//! Runs a voice as a stream will run it, before it replaces the running one: with its context,
//! at every hop, through the whole chain, and at reduced quality.
//!
//! Also the first runs of all models, which are several times slower than later ones and
//! would cause gaps. Thread: loader.

use super::context::{ControlTrack, InputStage};
use super::ladder::QualityReduction;
use super::pipeline::Chain;
use super::report::HopError;
use crate::controls::{Controls, Gate};
use crate::dsp::resample::ResampleError;
use crate::geometry::{Geometry, GeometryError, Hop};
use crate::model::Voice;
use crate::quality::Quality;
use crate::retrieval::deadline::LIVE_BUDGET;
use std::time::Duration;

/// After this time no further hop is begun; the one that the stream uses always is. Full-size
/// voices may need it on a slow machine, and the user waits.
const LIMIT: Duration = Duration::from_secs(4);

/// Hops of signal that follow the silent one that starts, at the hop that the stream uses, and at the others.
const HOPS_IN_USE: usize = 3;
const HOPS: usize = 1;

/// A voice that failed before it was used.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It failed in a hop.
    #[error("the voice was tried and does not work with a hop of {hop_ms} ms: {error}")]
    Hop {
        /// The hop.
        hop_ms: u32,
        /// What failed.
        error: HopError,
    },
    /// Its audio cannot be resampled to the host's rate.
    #[error("the voice cannot run at {host_rate_hz} Hz: {error}")]
    Rate {
        /// The host's rate.
        host_rate_hz: u32,
        /// Why.
        error: ResampleError,
    },
    /// No stream of this kind is possible.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

/// Tries a voice at the hop of `stream` (of the default one, where there is none yet), then at all
/// others, until `elapsed` says that it has taken too long.
///
/// # Errors
/// See [`TrialError`]; the voice is dropped.
pub fn try_out(
    mut voice: Voice,
    stream: Option<&Geometry>,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Voice, TrialError> {
    let in_use = match stream {
        Some(geometry) => geometry.clone(),
        None => Geometry::new(48_000.0, Hop::default(), 512)?,
    };
    let in_use = with_room(in_use, &voice);
    let reductions = [
        Quality::HeldRetrieval,
        Quality::HalfContext,
        Quality::QuarterContext,
    ]
    .map(|quality| QualityReduction::NONE.with(quality));
    voice = run(voice, &in_use, HOPS_IN_USE, &reductions)?;
    for hop in Hop::ALL.into_iter().filter(|hop| *hop != in_use.hop) {
        if elapsed() > LIMIT {
            tracing::info!(
                "\"{}\" is slow: not tried with hops from {} ms on",
                voice.name,
                hop.ms()
            );
            break;
        }
        let geometry = Geometry::new(f64::from(in_use.host_rate.0), hop, 512)?;
        let geometry = with_room(geometry, &voice);
        voice = run(voice, &geometry, HOPS, &[])?;
    }
    Ok(voice)
}

/// The stream with room for the delay of `voice`: the host may not have made it yet.
fn with_room(geometry: Geometry, voice: &Voice) -> Geometry {
    let delay_us = voice.delay_us().max(geometry.voice_delay_ms * 1_000);
    geometry.with_voice_delay_us(delay_us)
}

/// A hop of silence, then `hops` of signal, then one for each reduction.
fn run(
    voice: Voice,
    geometry: &Geometry,
    hops: usize,
    reductions: &[QualityReduction],
) -> Result<Voice, TrialError> {
    let cannot_resample = |error| TrialError::Rate {
        host_rate_hz: geometry.host_rate.0,
        error,
    };
    let mut chain = Chain::new(voice, geometry).map_err(|(_, error)| cannot_resample(error))?;
    let mut input = InputStage::new(geometry).map_err(cannot_resample)?;
    let mut track = ControlTrack::default();
    let controls = vec![
        Controls {
            gate: Gate::Off,
            ..Controls::default()
        };
        geometry.ticks_per_hop
    ];
    let mut output = Vec::new();
    chain.run_in_silence(true);
    chain.set_search_budget(Some(LIVE_BUDGET));
    chain.restart();
    input.restart(0);
    track.restart(0);
    let steps = [QualityReduction::NONE].repeat(1 + hops);
    for (n, reduction) in steps.iter().chain(reductions).enumerate() {
        let silent = n == 0;
        let samples = if silent {
            vec![0.0; geometry.hop_host]
        } else {
            buzz(n * geometry.hop_host, geometry)
        };
        chain.reduce_quality(*reduction);
        input.accept(&samples, &controls);
        track.accept(&controls);
        match chain.hop(&input, &track, &mut output) {
            Ok(_) => {}
            // Where nothing is heard a stream replaces such a hop by silence.
            Err(HopError::NonFinite) if silent => chain.restart(),
            Err(error) => {
                return Err(TrialError::Hop {
                    hop_ms: geometry.hop.ms(),
                    error,
                });
            }
        }
    }
    Ok(chain.into_voice())
}

/// One hop of a signal with a pitch (120 Hz) and all frequencies, from this sample on.
fn buzz(from_host: usize, geometry: &Geometry) -> Vec<f32> {
    let period_host = (geometry.host_rate.0 as usize / 120).max(1);
    (from_host..from_host + geometry.hop_host)
        .map(|n| match n % period_host {
            0 => 0.5,
            1 => -0.3,
            // A little noise, the same each time.
            n => {
                if n * 7 % 11 < 5 {
                    0.003
                } else {
                    -0.003
                }
            }
        })
        .collect()
}
