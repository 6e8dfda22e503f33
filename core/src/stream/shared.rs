//! The atomics that accompany the rings.

use crate::sync::{AtomicBool, AtomicU32, AtomicU64};

/// Counters and flags that both sides read.
#[derive(Debug, Default)]
pub struct StreamShared {
    /// Input position that is due by the clock: samples that the host has pushed since the last reset, minus those
    /// by which it is ahead of the clock.
    pub(crate) client_position_host: AtomicU64,
    /// The newest block: see `Arrival`.
    pub(crate) arrival: AtomicU64,
    /// The smallest number of samples that recently arrived at once.
    pub(crate) smallest_group_host: AtomicU32,
    /// The host is ahead of the clock, and the audio thread may be waiting for the worker.
    pub(crate) ahead: AtomicBool,
    /// The client's current stream.
    pub(crate) generation: AtomicU32,
    /// The host renders offline: the worker must not skip anything.
    pub(crate) offline: AtomicBool,
    /// Gaps in the output: runs of samples that came too late.
    pub(crate) xruns: AtomicU64,
    /// Output samples that came too late.
    pub(crate) missing_samples: AtomicU64,
    /// Input samples that found the ring full.
    pub(crate) dropped_input_samples: AtomicU64,
    /// Steps of the worker; increases as long as it runs.
    pub(crate) heartbeat: AtomicU32,
    /// How often an offline render stopped waiting for the worker.
    pub(crate) abandoned_waits: AtomicU32,
}
